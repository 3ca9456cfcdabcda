internal import OCMEventLoop
internal import OCMHTTP

/// Values that every exchange uses between two suspensions and none needs afterwards: their memory is kept.
@EventLoop enum Scratch {
    static var requestHead = RequestHead()
    static var responseHead = ResponseHead()
    /// For what is put together before it is written.
    static var output: [UInt8] = []
    static var maskingKeys = MaskingKeySource()
}
