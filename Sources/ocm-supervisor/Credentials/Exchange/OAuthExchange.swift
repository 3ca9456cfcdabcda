internal import Glibc
internal import OCMEventLoop

/// One exchange of a refresh token, as the child does it.
///
/// What holds at each moment, should a process be killed there (the tests do so before every system call):
///
/// 1. Until the request is sent, the file holds the old token, which is good. A copy without an answer may be left; the
///    next refresh removes it.
/// 2. From then until the last piece of the answer has been read and written to the recovery copy, the new token exists
///    only on the network, once the server has rotated the old one. Killing the supervisor loses nothing: this child
///    goes on, holds the lock, and the next supervisor, which waits for that, finds the copy. Killing this child, alone
///    or with the supervisor, loses the login. No client can do better. The next attempt is then refused as reused, no
///    other process writes a token within ten seconds, and the state is "sign in again": one error in the log, 400 for
///    clients, until the file changes.
/// 3. From the last write to the copy the new token is on disk: whatever is killed, this supervisor (when the child has
///    ended without a word) or the next one (at its start) takes it up, and asks nothing. The fsync that follows is for
///    the machine's own end; the supervisor is told after it.
/// 4. The supervisor puts the new text beside auth.json, fsyncs it, renames it and fsyncs the directory: file or copy
///    hold the new token, before the rename the one and after it both. A text that was not renamed is removed by the
///    next refresh.
/// 5. Only then is the copy removed: the file holds the new token.
@EventLoop struct OAuthExchange {
    let order: ExchangeOrder

    func run() async -> ExchangeResult {
        do throws(SystemError) {
            let copy = try RecoveryCopy.create(order.copy, spending: order.refreshToken)
            let result = await exchange(keepingIn: copy.number)
            if !RecoveryCopy.isWorthKeeping(copy.number, after: result) { unsafe unlink(order.copy) }
            return result
        } catch {
            guard order.isUrgent else { return .failure(.failed(.storage, "\(error)")) }
            return await exchange(keepingIn: nil)
        }
    }

    private func exchange(keepingIn copy: Int32?) async -> ExchangeResult {
        let call = OAuthCall(
            url: order.endpoint, body: OAuthRequest.body(exchanging: order.refreshToken), trust: order.trust,
            deadlines: order.deadlines)
        do throws(RefreshFailure) {
            var kept = copy.map { KeptAnswer(in: $0) }
            let response = try await call.response { piece in kept?.append(piece) }
            if let copy { _ = fsync(copy) }
            return response.result
        } catch {
            return .failure(error)
        }
    }
}

/// What has been kept of an answer that is coming in: its beginning, and never a later piece without those before it.
struct KeptAnswer {
    private let number: Int32
    private(set) var isWhole = true

    /// `number`: an open recovery copy.
    init(in number: Int32) {
        self.number = number
    }

    /// Where a piece can't be kept, though room was promised, the answer goes on to the supervisor all the same, which is
    /// the next best place for it. The copy then ends where it failed, and counts as cut off.
    mutating func append(_ piece: Span<UInt8>) {
        guard isWhole else { return }
        do throws(SystemError) {
            try FileDescriptor.writeAll(piece, to: number)
        } catch {
            isWhole = false
        }
    }
}
