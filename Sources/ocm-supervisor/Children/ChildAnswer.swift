internal import Glibc
internal import OCMEventLoop

/// The child's side of a `ChildCall`. It blocks: the child has nothing else to do.
enum ChildAnswer {
    /// Standard input to its end; nil where that can't be read or is too long.
    static func readQuestion() -> Secret? {
        let question = SecretBuffer(capacity: ChildMessage.maximumSize + 1)
        while !question.isFull {
            let room = unsafe question.room
            let count = unsafe read(STDIN_FILENO, room.baseAddress, room.count)
            if count == 0 { return question.contents }
            if count > 0 { question.noteFilled(count) } else if errno != EINTR { return nil }
        }
        return nil
    }

    /// Where nobody listens any more, because the supervisor is gone, that is no failure.
    static func give(_ answer: ChildMessage) {
        answer.encoded.withBytes { try? FileDescriptor.writeAll($0, to: STDOUT_FILENO) }
    }
}
