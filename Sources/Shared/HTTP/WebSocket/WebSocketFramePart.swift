/// What of a data frame stands in one read: all of it, or its beginning, or more of it.
package struct WebSocketFramePart: Equatable, Sendable {
    package struct Bounds: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) {
            self.rawValue = rawValue
        }

        /// The frame begins here.
        package static let frameStart = Bounds(rawValue: 1)
        /// The frame begins here, but the first bytes of its head came with an earlier read, which gave out nothing of it.
        package static let splitHead = Bounds(rawValue: 2)
        package static let frameEnd = Bounds(rawValue: 4)
        /// The frame is the first of its message.
        package static let messageStart = Bounds(rawValue: 8)
        /// The frame ends here, and it is the last of its message.
        package static let messageEnd = Bounds(rawValue: 16)
    }

    package let bounds: Bounds
    /// Where the frame's bytes begin: at its head, where that stands here as a whole, else at the payload.
    package let start: Int
    /// Bytes of the payload, unmasked and checked; may be empty.
    package let payload: Range<Int>

    /// All bytes of the frame that stand here, but for the end of a split head: what can be forwarded as it is.
    package var range: Range<Int> { start..<payload.upperBound }

    package var startsFrame: Bool { bounds.contains(.frameStart) }
    package var hasSplitHead: Bool { bounds.contains(.splitHead) }
    package var endsFrame: Bool { bounds.contains(.frameEnd) }
    package var startsMessage: Bool { bounds.contains(.messageStart) }
    package var endsMessage: Bool { bounds.contains(.messageEnd) }
}

/// A control frame, complete.
package struct WebSocketControlFrame: Equatable, Sendable {
    /// Close, ping or pong.
    package let opcode: WebSocketOpcode
    /// Of a close frame that has one.
    package let closeCode: WebSocketCloseCode?
    /// Where the frame begins; -1 where it came with more than one read.
    let start: Int
    /// Where the payload stands in these bytes, if it does.
    let payload: Range<Int>

    /// Where all of it stands, the payload unmasked; nil where it came with more than one read.
    package var range: Range<Int>? { start < 0 ? nil : start..<payload.upperBound }
}
