/// The file that `supervisor.pricing_path` names, read as strictly as the configuration: a misspelt field would be a price
/// that is silently not in force.
struct OwnersPrices {
    let table: PriceTable
    /// Whether it stands alone instead of adding to the built-in prices.
    let standsAlone: Bool

    /// Throws all that is wrong with it.
    init(_ source: SourceText) throws(PricingError) {
        let diagnostics = Diagnostics(source)
        let root: SourceValue
        do throws(SourceError) {
            root = try SourceReader.read(source)
        } catch {
            let message =
                error.fault == .empty ? "the file is empty; write an object: { \"models\": { … } }" : error.message
            diagnostics.error(message, at: error.offset, path: error.path)
            throw .owners(diagnostics.all)
        }
        let read = Self.read(root, diagnostics)
        guard let read, !diagnostics.hasErrors else { throw .owners(diagnostics.all) }
        (table, standsAlone) = read
    }

    private static func read(_ root: SourceValue, _ diagnostics: Diagnostics) -> (PriceTable, Bool)? {
        Fields.read(root, diagnostics, as: "a price table") { fields in
            if case .object(let members) = root.content {
                // Remarks, as the built-in table has one.
                for member in members where member.name.hasPrefix("_") { fields.pass(member.name) }
            }
            let standsAlone = fields.take("replace", .boolean) ?? false
            _ = fields.take("unit", .unit)
            var table = PriceTable()
            guard let models = fields.value("models") else {
                fields.missing("models", "is missing; write an object with the models by name")
                return (table, standsAlone)
            }
            guard case .object(let members) = models.content else {
                diagnostics.error("is \(models.kind); write an object with the models by name", at: models)
                return (table, standsAlone)
            }
            for member in members {
                if member.name.isEmpty {
                    diagnostics.error("has no name; name the model", at: member.offset, path: member.value.path)
                }
                table.models[member.name] = model(member.value, diagnostics)
            }
            return (table, standsAlone)
        }
    }

    private static func model(_ value: SourceValue, _ diagnostics: Diagnostics) -> PriceTable.Model? {
        Fields.read(value, diagnostics, as: "a model, which are its tiers") { fields in
            func tier(_ tier: ServiceTier) -> TierPrice? {
                fields.value(tier.rawValue).flatMap { self.tier($0, diagnostics) }
            }
            let standard = fields.value(ServiceTier.standard.rawValue)
            if standard == nil {
                fields.missing(
                    ServiceTier.standard.rawValue,
                    "is missing; give the prices of the default tier, which others fall back to")
            }
            let (flex, priority) = (tier(.flex), tier(.priority))
            guard let standard = standard.flatMap({ self.tier($0, diagnostics) }) else { return nil }
            return PriceTable.Model(standard: standard, flex: flex, priority: priority)
        }
    }

    private static func tier(_ value: SourceValue, _ diagnostics: Diagnostics) -> TierPrice? {
        Fields.read(value, diagnostics, as: "a tier") { fields in
            let long = fields.value("long_context")
            guard let price = price(&fields) else { return nil }
            return TierPrice(price: price, longContext: long.flatMap { longContext($0, diagnostics) })
        }
    }

    private static func longContext(_ value: SourceValue, _ diagnostics: Diagnostics) -> TierPrice.LongContext? {
        Fields.read(value, diagnostics, as: "a long context") { fields in
            let above = fields.take("above_input_tokens", .integer(0...Int.max))
            if fields.value("above_input_tokens") == nil {
                fields.missing("above_input_tokens", "is missing; say from how many input tokens on a request is long")
            }
            guard let price = price(&fields), let above else { return nil }
            return TierPrice.LongContext(aboveInputTokens: UInt64(above), price: price)
        }
    }

    private static func price(_ fields: inout Fields) -> Price? {
        let (cachedInput, cacheWrite) = (fields.take("cached_input", .price), fields.take("cache_write", .price))
        let input = required("input", &fields)
        let output = required("output", &fields)
        guard let input, let output else { return nil }
        return Price(input: input, cachedInput: cachedInput, cacheWrite: cacheWrite, output: output)
    }

    private static func required(_ name: String, _ fields: inout Fields) -> TokenPrice? {
        if fields.value(name) == nil { fields.missing(name, "is missing; write USD per million tokens") }
        return fields.take(name, .price)
    }
}

extension Form where Value == TokenPrice {
    /// USD per million tokens, read digit by digit.
    fileprivate static var price: Form {
        let expected = "USD per million tokens: digits, with at most six decimals"
        return Form(expecting: expected) { content throws(Misfit) in
            guard case .number(let text) = content else { return nil }
            guard let price = TokenPrice(dollarsPerMillionTokens: text) else {
                throw Misfit("\(text.prefix(40)) is no price; write \(expected)")
            }
            return price
        }
    }
}

extension Form where Value == Void {
    fileprivate static var unit: Form {
        Form(string: { text throws(Misfit) in
            guard text == PriceListing.unit else {
                throw Misfit("\(text.quoted) is not known; use \(PriceListing.unit.quoted)")
            }
        })
    }
}
