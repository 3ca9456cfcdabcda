import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@testable import ocm_supervisor

@Suite struct LogTargetTests {
    @EventLoop private final class Count {
        var value = 0
        let changed = Wakeup()

        func add() {
            value += 1
            changed.signal()
        }

        func reaches(_ number: Int) async throws {
            while value < number { try await changed.wait() }
        }
    }

    /// As /run/systemd/journal does when the journal is installed anew.
    @Test func aDirectoryThatGoesAndComesAgainIsFollowedStill() throws {
        let directory = TemporaryDirectory()
        let path = directory.path + "/journal"
        try onLoop {
            let count = Count()
            mkdir(path, 0o700)
            let following = LogTarget.follow(path, "socket") { count.add() }
            try await count.reaches(1)
            directory.write("", to: "journal/socket")
            try await count.reaches(2)
            for _ in 0..<2 {
                let before = count.value
                unlink(path + "/socket")
                rmdir(path)
                mkdir(path, 0o700)
                directory.write("", to: "journal/socket")
                try await count.reaches(before + 1)
                while count.value < before + 3 {
                    directory.write("", to: "journal/socket")
                    try await EventLoop.sleep(for: .milliseconds(10))
                }
            }
            following.cancel()
            await following.value
        }
    }
}
