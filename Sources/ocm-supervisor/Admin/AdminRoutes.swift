import OCMEventLoop
import OCMHTTP

/// What the admin socket has to offer: each path with its methods.
@EventLoop struct AdminRoutes {
    typealias Handler = @EventLoop (AdminRequest) async -> AdminResponse

    private let paths: [String: [Method: Handler]]

    init(_ routes: [(method: Method, path: String, handler: Handler)]) {
        var paths: [String: [Method: Handler]] = [:]
        for route in routes { paths[route.path, default: [:]][route.method] = route.handler }
        self.paths = paths
    }

    /// HEAD is answered wherever GET is.
    func answer(_ request: AdminRequest) async -> AdminResponse {
        guard let methods = paths[request.path] else {
            let known = paths.keys.sorted().joined(separator: ", ")
            return .error(404, "not_found_error", "there is no such path here; there are: \(known)")
        }
        if let handler = methods[request.method] ?? (request.method == .head ? methods[.get] : nil) {
            return await handler(request)
        }
        let allowed = Method.allCases.filter { methods[$0] != nil || ($0 == .head && methods[.get] != nil) }
        var response = AdminResponse.error(
            405, "invalid_request_error", "\(request.path) takes \(allowed.names), not \(request.method.name)")
        response.allow = allowed
        return response
    }
}
