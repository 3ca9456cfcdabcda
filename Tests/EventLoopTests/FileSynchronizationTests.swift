import Glibc
import LoopTestSupport
import OCMEventLoop
import Testing

@Suite struct FileSynchronizationTests {
    @Test func filesAndDirectoriesReachTheDiskSeveralAtATime() throws {
        var template = Array("/tmp/ocm-sync-XXXXXX".utf8CString)
        let directory = String(cString: try #require(mkdtemp(&template)))
        defer { rmdir(directory) }
        try onLoop {
            let place = try FileDescriptor("open", open(directory, O_RDONLY | O_DIRECTORY))
            let tally = Tally()
            for number in 0..<100 {
                let path = "\(directory)/\(number)"
                let file = try FileDescriptor("open", open(path, O_RDWR | O_CREAT, 0o600)).release()
                #expect(write(file, path, path.utf8.count) == path.utf8.count)
                EventLoop.spawn {
                    let outcome = await Self.synchronize(file)
                    #expect(outcome == nil)
                    close(file)
                    unlink(path)
                    tally.count += 1
                    tally.changed.signal()
                }
            }
            #expect(await Self.synchronize(place.number) == nil)
            while tally.count < 100 { try await tally.changed.wait() }
        }
    }

    @Test func theErrorIsTheSystems() throws {
        try onLoop {
            #expect(await Self.synchronize(-1) == SystemError("fsync", EBADF))
            let (ours, theirs) = try PacketSocket.pair()
            defer {
                close(ours)
                close(theirs)
            }
            #expect(await Self.synchronize(ours) == SystemError("fsync", EINVAL))
        }
    }

    @EventLoop private static func synchronize(_ number: Int32) async -> SystemError? {
        do throws(SystemError) {
            try await FileSynchronization.shared.synchronize(number)
            return nil
        } catch {
            return error
        }
    }
}

@EventLoop private final class Tally {
    var count = 0
    let changed = Wakeup()
}
