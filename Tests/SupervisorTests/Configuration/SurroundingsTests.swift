import Testing

@testable import ocm_supervisor

@Suite("Places that the file does not name")
struct SurroundingsTests {
    private func surroundings(_ variables: [String: String], userID: UInt32 = 1000) -> Surroundings {
        var surroundings = Samples.alice
        surroundings.variables = variables
        surroundings.userID = userID
        return surroundings
    }

    @Test("the login lies in CODEX_HOME, else in the home")
    func credential() {
        #expect(surroundings(["HOME": "/h", "CODEX_HOME": "/c"]).credentialPath == "/c/auth.json")
        #expect(surroundings(["HOME": "/h", "CODEX_HOME": "c"]).credentialPath == "/work/c/auth.json")
        #expect(surroundings(["HOME": "/h", "CODEX_HOME": ""]).credentialPath == "/h/.codex/auth.json")
        #expect(surroundings(["HOME": "/h"]).credentialPath == "/h/.codex/auth.json")
        #expect(surroundings([:]).credentialPath == "/home/alice/.codex/auth.json")
    }

    @Test("under sudo the home is the one of the calling user")
    func sudo() {
        let root = ["HOME": "/root", "SUDO_USER": "carol"]
        #expect(surroundings(root, userID: 0).credentialPath == "/home/carol/.codex/auth.json")
        #expect(surroundings(root, userID: 0).absolute("~/x") == "/home/carol/x")
        #expect(
            surroundings(root, userID: 1000).home == "/root", "the variable says nothing where the user is not root")
        #expect(surroundings(["HOME": "/root", "SUDO_USER": "root"], userID: 0).home == "/root")
        #expect(surroundings(["HOME": "/root", "SUDO_USER": "nobody-known"], userID: 0).home == nil)
        #expect(surroundings(["HOME": "/root"], userID: 0).home == "/root")
    }

    @Test("paths are made absolute")
    func absolute() {
        let here = surroundings(["HOME": "/h"])
        #expect(here.absolute("/a/../b") == "/a/../b")
        #expect(here.absolute("a") == "/work/a")
        #expect(here.absolute("./a") == "/work/a")
        #expect(here.absolute("../a") == "/work/../a")
        #expect(here.absolute("~") == "/h")
        #expect(here.absolute("~/a") == "/h/a")
        #expect(here.absolute("~bob/a") == "/work/~bob/a")
        var root = here
        root.workingDirectory = "/"
        #expect(root.absolute("a") == "/a")
    }

    @Test("the state directory is the unit's, else the system's, else the user's")
    func state() {
        #expect(surroundings(["STATE_DIRECTORY": "/s"]).stateDirectory == "/s")
        #expect(surroundings(["STATE_DIRECTORY": "/s:/t"], userID: 0).stateDirectory == "/s")
        #expect(surroundings(["HOME": "/h"], userID: 0).stateDirectory == "/var/lib/ocm")
        #expect(surroundings(["HOME": "/h"], userID: 999).stateDirectory == "/var/lib/ocm")
        #expect(surroundings(["HOME": "/h", "XDG_STATE_HOME": "/x"]).stateDirectory == "/x/ocm")
        #expect(surroundings(["HOME": "/h"]).stateDirectory == "/h/.local/state/ocm")
    }

    @Test("the admin socket lies in the unit's directory, else the system's, else the user's, else beside the state")
    func adminSocket() throws {
        #expect(surroundings(["RUNTIME_DIRECTORY": "/r"]).adminSocket == "/r/admin.sock")
        #expect(surroundings([:], userID: 0).adminSocket == "/run/ocm/admin.sock")
        #expect(surroundings(["XDG_RUNTIME_DIR": "/run/user/1000"]).adminSocket == "/run/user/1000/ocm/admin.sock")
        #expect(surroundings([:]).adminSocket == nil)
        let configuration = try Samples.read("{ \"services\": [ { \"type\": \"ocm\" } ] }")
        #expect(configuration.adminSocket == "/home/alice/.local/state/ocm/admin.sock")
    }

    @Test("this process has surroundings")
    func current() {
        let current = Surroundings.current
        #expect(current.workingDirectory.hasPrefix("/"))
        #expect(current.processors >= 1)
        #expect(!current.hostName.isEmpty)
        #expect(current.variables["PATH"] != nil)
    }
}
