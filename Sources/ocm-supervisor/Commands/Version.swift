import ArgumentParser
import OCMIPC

struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the version.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let text =
            json ? try JSONOutput.text(["name": "ocm-supervisor", "version": Release.version]) : Release.text
        try StandardOutput.write(text + "\n")
    }
}
