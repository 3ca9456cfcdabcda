import OCMHTTP

/// What the comparison of two judgements finds.
enum Verdict {
    /// Both understood the same, as far as ours went.
    case same
    /// Ours refused a message that llhttp took, or took so far.
    case stricter(HTTPError)
    /// Ours took what llhttp refused, or understood it otherwise.
    case differs(String)

    init(_ stream: Stream) {
        self.init(stream.ours, stream.theirs, stream.sender)
    }

    init(_ ours: Judgement<HTTPError>, _ theirs: Judgement<any Error>, _ sender: Sender) {
        for (index, message) in ours.messages.enumerated() {
            guard theirs.messages.indices.contains(index) else {
                self = .differs("message \(index) is ours alone: \(message); theirs: \(theirs)")
                return
            }
            let other = theirs.messages[index]
            if let difference = Self.difference(message, other) {
                self = .differs("message \(index), \(difference)\n  ours: \(message)\n  theirs: \(other)")
                return
            }
            guard message.keepsAlive != other.keepsAlive else { continue }
            // Where they differ over what comes next, what comes next can't be compared.
            self = Self.mayDiffer(message, sender) ? .same : .differs("keep-alive of message \(index): \(message)")
            return
        }
        guard let failure = ours.failure else {
            self = .same
            return
        }
        // Ours refused the message behind its complete ones.
        let refused = ours.messages.count(where: \.isComplete)
        let isTaken =
            theirs.messages.indices.contains(refused)
            && (theirs.messages[refused].isComplete || theirs.failure == nil)
        self = isTaken ? .stricter(failure) : .same
    }

    private static func difference(_ ours: Message, _ theirs: Message) -> String? {
        if ours.subject != theirs.subject { return "subject" }
        if ours.minorVersion != theirs.minorVersion { return "version" }
        if ours.fields != theirs.fields { return "fields" }
        if ours.isComplete, !theirs.isComplete { return "complete for ours alone" }
        if ours.isComplete ? ours.body != theirs.body : !theirs.body.starts(with: ours.body) { return "body" }
        return nil
    }

    /// Where the two differ over keep-alive, and RFC 9112 is with ours.
    private static func mayDiffer(_ ours: Message, _ sender: Sender) -> Bool {
        // Section 9.3: close has precedence; in HTTP/1.0 llhttp looks for keep-alive first. RFC 9110 section 5.6.3: a tab
        // behind an option is white space; llhttp does not know the option then.
        if !ours.keepsAlive, ours.names("connection", "close") { return true }
        if ours.keepsAlive, ours.minorVersion == 0, ours.names("connection", "keep-alive") { return true }
        // Appendix C.2.2: Proxy-Connection is not Connection; for llhttp it is.
        if ours.names("proxy-connection", "close") || ours.names("proxy-connection", "keep-alive") { return true }
        // Section 6.3: the answer to HEAD has no body, whatever its fields; llhttp asks before it is told the method.
        if sender == .server(answering: "HEAD") { return true }
        // RFC 9110 section 15.2.2: after 101 the connection is none of HTTP's.
        return sender != .client && ours.subject == "101"
    }
}

extension Message {
    fileprivate func names(_ field: String, _ option: String) -> Bool {
        fields.contains { $0[0].lowercased() == field && $0[1].lowercased().contains(option) }
    }
}
