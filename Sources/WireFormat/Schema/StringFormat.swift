/// JSON Schema's formats of strings, as patterns: each text that matches is of the format, not always the other way round.
enum StringFormat {
    /// Formats that say what a text is for: any text is valid.
    static let ofAnyText: Set<String> = ["password", "binary", "path"]

    static let patterns: [String: String] = [
        "date": "^\(date)$",
        "time": "^\(time)$",
        "date-time": "^\(date)T\(time)$",
        "duration": #"^P([0-9]{1,6}W|[0-9]{1,6}D(T\#(hours))?|T\#(hours))$"#,
        "email": #"^[a-z0-9]+([._+-][a-z0-9]+)*@([a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\.){1,3}[a-z]{2,10}$"#,
        "hostname": #"^([a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\.){0,4}[a-z]([a-z0-9-]{0,30}[a-z0-9])?$"#,
        "ipv4": #"^((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$"#,
        "ipv6": ipv6,
        "uri":
            #"^[a-z][a-z0-9+.-]{1,12}://[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?(\.[a-z]([a-z0-9-]{0,30}[a-z0-9])?){0,4}"#
            + #"(:[1-9][0-9]{0,3})?(/[A-Za-z0-9._~-]*)*(\?[A-Za-z0-9._~=&-]*)?(#[A-Za-z0-9._~-]*)?$"#,
    ]

    /// Patterns with lookaround that libraries write into schemas, by others for the same texts.
    static let knownPatterns: [String: String] = [
        // Pydantic's Decimal: a number, not only signs and points.
        #"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"#: #"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"#
    ]

    /// Of the years 1 to 9999; with the 29th of February where there is one.
    private static let date =
        #"(([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"#
        + #"|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"#
        + #"|([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)-02-29)"#

    /// With a zone, as RFC 3339 asks for.
    private static let time =
        #"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"#

    private static let hours = #"([0-9]{1,6}H([0-9]{1,6}M([0-9]{1,6}S)?)?|[0-9]{1,6}M([0-9]{1,6}S)?|[0-9]{1,6}S)"#

    /// All eight groups, or fewer around one `::`.
    private static let ipv6: String = {
        let group = "[0-9a-f]{1,4}"
        var forms = ["(\(group):){7}\(group)", "::(\(group)(:\(group)){0,6})?"]
        for count in 1...7 {
            let rest = 7 - count
            let before = "\(group)" + (count > 1 ? "(:\(group)){\(count - 1)}" : "")
            forms.append(
                before + "::" + (rest == 0 ? "" : "(\(group)" + (rest > 1 ? "(:\(group)){0,\(rest - 1)}" : "") + ")?")
            )
        }
        return "^(\(forms.joined(separator: "|")))$"
    }()
}
