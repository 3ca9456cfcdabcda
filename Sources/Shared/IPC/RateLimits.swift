/// What the API has said of a login's limits in the fields of a response.
///
/// Nothing is assumed: a limit has up to two windows, told apart by their length alone, and what was not said is nil.
package struct RateLimits: Equatable, Sendable {
    package struct Window: Equatable, Sendable {
        /// How much of it is used up, in hundredths of a percent.
        package var used: UInt32?
        /// Its length.
        package var minutes: UInt32?
        /// When it begins anew, Unix seconds.
        package var resetAt: Int64?

        package init(used: UInt32? = nil, minutes: UInt32? = nil, resetAt: Int64? = nil) {
            self.used = used
            self.minutes = minutes
            self.resetAt = resetAt
        }
    }

    /// One limit: the fields `x-<limit>-…`.
    package struct Family: Equatable, Sendable {
        /// As the fields' names have it, in small letters: `codex`.
        package var limit: String
        /// What people call it; empty where the API does not say.
        package var name: String
        package var primary: Window?
        package var secondary: Window?

        package init(limit: String, name: String = "", primary: Window? = nil, secondary: Window? = nil) {
            self.limit = limit
            self.name = name
            self.primary = primary
            self.secondary = secondary
        }
    }

    /// What the account has bought on top.
    package struct Credits: Equatable, Sendable {
        package var isAvailable: Bool?
        package var isUnlimited: Bool?
        /// As the API writes it; empty where it does not.
        package var balance: String

        package init(isAvailable: Bool? = nil, isUnlimited: Bool? = nil, balance: String = "") {
            self.isAvailable = isAvailable
            self.isUnlimited = isUnlimited
            self.balance = balance
        }
    }

    /// The limit that requests count against; empty where the API does not say.
    package var activeLimit: String
    /// At most ``familiesAtMost``, no limit twice.
    package var families: [Family]
    package var credits: Credits?

    /// More than any login has.
    package static let familiesAtMost = 16
    /// The longest texts, in bytes.
    package static let limitAtMost = 64
    package static let nameAtMost = 128
    package static let balanceAtMost = 32

    package init(activeLimit: String = "", families: [Family] = [], credits: Credits? = nil) {
        self.activeLimit = activeLimit
        self.families = families
        self.credits = credits
    }

    package var isEmpty: Bool { activeLimit.isEmpty && families.isEmpty && credits == nil }

    /// Takes over what was said later; what that does not speak of stays. A limit beyond the most that there may be takes
    /// the place of the one that has been there longest.
    package mutating func merge(_ later: RateLimits) {
        if !later.activeLimit.isEmpty { activeLimit = later.activeLimit }
        if let credits = later.credits { self.credits = credits }
        for family in later.families {
            families.removeAll { $0.limit == family.limit }
            if families.count == Self.familiesAtMost { families.removeFirst() }
            families.append(family)
        }
    }
}

/// Limits, and to whom and when they were said.
package struct SeenLimits: Equatable, Sendable {
    /// Of the credential that the request was made with.
    package var generation: UInt64
    /// When the response came, Unix milliseconds.
    package var time: Int64
    package var limits: RateLimits

    package init(generation: UInt64, time: Int64, limits: RateLimits) {
        self.generation = generation
        self.time = time
        self.limits = limits
    }
}
