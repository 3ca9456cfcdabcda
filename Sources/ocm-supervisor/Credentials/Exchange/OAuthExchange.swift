internal import Glibc
internal import OCMEventLoop

/// One exchange of a refresh token, as the child does it.
///
/// What is on disk at each moment, should anything be killed there:
///
/// 1. Before the request is sent: the old token, which is good.
/// 2. From then until the first byte of the answer is read: the old token. Once the server has rotated it, the new one
///    exists only on the network: killing this child now loses the login, killing the supervisor does not, since this
///    child goes on. No client can do better.
/// 3. While the answer is read: each piece is in the recovery copy before anyone looks at it.
/// 4. From the end of the answer: the whole of it, fsynced. The supervisor is told after that only.
/// 5. From the rename of auth.json, whose text was fsynced before, and the fsync of the directory: the new token in
///    both; then the copy is removed.
///
/// The child holds the lock file's descriptor: the next supervisor looks for copies when it has got the lock, and so
/// when this exchange has come to its end.
@EventLoop struct OAuthExchange {
    let order: ExchangeOrder

    func run() async -> ExchangeResult {
        do throws(SystemError) {
            let copy = try RecoveryCopy.create(order.copy, spending: order.refreshToken)
            let result = await exchange(keepingIn: copy.number)
            // Without tokens there is nothing in it to be kept.
            if case .failure = result { unsafe unlink(order.copy) }
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
            // Where a piece can't be kept, though room was promised, the answer goes on to the supervisor all the same,
            // which is the next best place for it.
            let response = try await call.response { piece in
                if let copy { try? RecoveryCopy.append(piece, to: copy) }
            }
            if let copy { _ = fsync(copy) }
            return response.result
        } catch {
            return .failure(error)
        }
    }
}
