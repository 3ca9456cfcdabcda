import OCMEventLoop

extension RunningService {
    /// What the ledgers have counted, that which is not saved yet included.
    func countedUsage(at prices: PriceBook) -> CountedUsage {
        let files = accounts.accounts.map { account in
            CountedUsage.File(
                path: account.path, services: account.services, book: account.ledger.book,
                notes: account.ledger.trouble.map { ["The file can't be written at the moment: \($0)"] } ?? [])
        }
        return CountedUsage(
            source: .supervisor, configuration: configuration.file, files: files,
            uncounted: configuration.services.filter { $0.usagesPath == nil }.map(\.tag), prices: prices)
    }

    /// Answers `GET /usage`.
    func usage(_ request: AdminRequest) async -> AdminResponse {
        do throws(UsageQueryError) {
            let query = try UsageQuery(parameters: request.query)
            let pace = Pace()
            let report = try await query.answer(from: countedUsage(at: accounts.prices), now: .now, zone: .system, pace)
            return AdminResponse(status: 200, body: await report.json(pace))
        } catch {
            return .error(400, "invalid_request_error", error.text)
        }
    }
}
