import CFuzzer

/// A program that libFuzzer runs.
public protocol Fuzzer {
    /// Does with an input what is tested; ends the process where something is wrong.
    static func test(_ input: inout Input)
}

extension Fuzzer {
    public static func main() {
        run = { input in test(&input) }
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        _ = withUnsafeMutablePointer(to: &arguments) { arguments in
            arguments.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1) {
                LLVMFuzzerRunDriver(&count, $0) { start, count in
                    var input = Input(start, count)
                    run(&input)
                    return 0
                }
            }
        }
    }
}

/// Set once, before the loop.
nonisolated(unsafe) private var run: (inout Input) -> Void = { _ in }
