extension HTTPError {
    /// The status that tells a client.
    package var status: Int {
        switch self {
        case .headTooLarge, .tooManyFields, .tooManyConnectionOptions: 431
        case .bodyTooLarge: 413
        case .unknownMethod: 501
        case .unsupportedVersion: 505
        default: 400
        }
    }
}

extension HTTPError: CustomStringConvertible {
    /// What is wrong, for the client and the log: it never repeats a byte of the message.
    package var description: String {
        switch self {
        case .bareCarriageReturn: "carriage return without line feed"
        case .bareLineFeed: "line feed without carriage return"
        case .malformedRequestLine: "malformed request line"
        case .malformedStatusLine: "malformed status line"
        case .unsupportedVersion: "only HTTP/1.1 and HTTP/1.0 are supported here"
        case .invalidMethod: "invalid method"
        case .unknownMethod: "method not supported"
        case .invalidTarget: "invalid request target"
        case .foldedField: "folded header field"
        case .whitespaceBeforeColon: "white space before the colon of a header field"
        case .emptyFieldName: "header field without a name"
        case .invalidFieldName: "invalid header field name"
        case .invalidFieldValue: "control character in a header field"
        case .invalidContentLength: "invalid Content-Length"
        case .repeatedContentLength: "more than one Content-Length"
        case .contentLengthWithTransferEncoding: "both Content-Length and Transfer-Encoding"
        case .unsupportedTransferEncoding: "Transfer-Encoding other than chunked"
        case .transferEncodingInHTTP10: "Transfer-Encoding in HTTP/1.0"
        case .transferEncodingWithoutBody: "Transfer-Encoding in a response without body"
        case .missingHost: "missing Host"
        case .repeatedHost: "more than one Host"
        case .invalidHost: "invalid Host"
        case .repeatedAuthorization: "more than one Authorization"
        case .invalidChunkSize: "invalid chunk size"
        case .chunkSizeOverflow: "chunk size out of range"
        case .invalidChunkExtension: "invalid chunk extension"
        case .unterminatedChunk: "chunk without line end"
        case .invalidTrailer: "invalid trailer field"
        case .forbiddenTrailer: "trailer field about connection, framing or routing"
        case .headTooLarge(let limit): "header larger than \(limit) bytes"
        case .tooManyFields(let limit): "more than \(limit) header fields"
        case .tooManyConnectionOptions(let limit): "more than \(limit) connection options"
        case .chunkExtensionsTooLarge(let limit): "chunk extensions larger than \(limit) bytes"
        case .trailersTooLarge(let limit): "trailers larger than \(limit) bytes"
        case .bodyTooLarge(let limit): "body larger than \(limit) bytes"
        }
    }
}
