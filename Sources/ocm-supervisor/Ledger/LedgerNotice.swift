/// What the operator should know about the ledger; each is reported once, not at every retry.
enum LedgerNotice: Equatable, Sendable {
    /// A usage file is not readable as one; it was set aside and counting starts anew.
    case setAside(path: String, as: String, reason: String)
    /// The journal ended in a record that was never acknowledged, as after a power cut; it was cut off.
    case tornTail(path: String, bytes: Int)
    /// Part of the journal is damaged; a copy was set aside, what is readable was counted.
    case damaged(path: String, as: String, bytes: Int)
    /// A usage file is not as the last save left it: edited, or put back from a copy. What the journal has was added, which
    /// is once too often where the copy held it; a copy of the journal was set aside.
    case changed(path: String, journal: String)
    /// A usage file was changed by someone else in the middle of a save; what of the journal it may already hold was not
    /// counted again, a copy of the journal was set aside.
    case uncertain(path: String, journal: String)
    /// A usage file was written by someone else while this ledger was kept: that is kept under another name, and the file
    /// says again what was counted here.
    case foreign(path: String, as: String)
    /// The journal was removed or replaced by someone else; what it held is in the usage file now.
    case journalGone(path: String)
    /// The files can't be written; records wait in memory and it is tried again.
    case stalled(LedgerError)
    /// So much waits in memory for the disk that there is no more room: the workers keep their records.
    case full(bytes: Int)
    /// The end has come, and so many responses that were counted could not be brought to disk.
    case lost(responses: Int)
    /// The files can be written again, nothing was lost.
    case recovered
    /// A model without a price: counted, at no cost.
    case unpriced(model: String)
    /// There are more of them than are worth a line each.
    case moreUnpriced(after: Int)
    /// There are so many models that further ones whose names no price list has are counted together.
    case tooManyModels(path: String, limit: Int)

    /// One line for people.
    var text: String {
        switch self {
        case .setAside(let path, let aside, let reason):
            "\(path) is not a usage file (\(reason)); set aside as \(aside), counting starts anew"
        case .tornTail(let path, let bytes):
            "\(path) ended in an incomplete record of \(bytes) bytes that was never acknowledged; cut off"
        case .damaged(let path, let aside, let bytes):
            "\(path) is damaged: \(bytes) bytes can't be read; copied to \(aside), the rest was counted"
        case .changed(let path, let journal):
            "\(path) is not as it was saved last; what was counted since is added to it, and kept as \(journal) too"
        case .uncertain(let path, let journal):
            "\(path) was changed by another program in the middle of a save; the journal is kept as \(journal), not counted"
        case .foreign(let path, let aside):
            "\(path) was changed by another program; what that wrote is kept as \(aside), not counted"
        case .journalGone(let path):
            "\(path) was removed or replaced by another program; what it held is saved, and a new one begins"
        case .stalled(let error):
            "usage can't be written: \(error); it is kept in memory and tried again"
        case .full(let bytes):
            "\(bytes) bytes of usage wait in memory for the disk; the workers keep what follows"
        case .lost(let responses):
            "the usage of \(responses) responses could not be written and is lost"
        case .recovered:
            "usage is written again; nothing was lost"
        case .unpriced(let model):
            "no price is known for the model \"\(model)\"; it is counted at no cost (supervisor.pricing_path can add one)"
        case .moreUnpriced(let count):
            "no price is known for more than \(count) models; the others are not named here"
        case .tooManyModels(let path, let limit):
            "\(path) has \(limit) models; further names that no price list has are counted under one that costs the same, or "
                + "as \"\(PriceBook.unlisted)\""
        }
    }
}
