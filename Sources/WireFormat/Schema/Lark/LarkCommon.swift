/// The terminals of Lark's module `common`, by what they match.
///
/// Strings and comments are said without lookaround: a string ends with its first quote that has no backslash.
enum LarkCommon {
    static let terminals: [String: String] = [
        "DIGIT": #"/[0-9]/"#,
        "HEXDIGIT": #"/[0-9a-fA-F]/"#,
        "INT": "DIGIT+",
        "SIGNED_INT": #"["+"|"-"] INT"#,
        "DECIMAL": #"INT "." INT? | "." INT"#,
        "_EXP": #"/[eE]/ SIGNED_INT"#,
        "FLOAT": "INT _EXP | DECIMAL _EXP?",
        "SIGNED_FLOAT": #"["+"|"-"] FLOAT"#,
        "NUMBER": "FLOAT | INT",
        "SIGNED_NUMBER": #"["+"|"-"] NUMBER"#,
        "ESCAPED_STRING": #"/"([^"\\\n]|\\[^\n])*"/"#,
        "LCASE_LETTER": #"/[a-z]/"#,
        "UCASE_LETTER": #"/[A-Z]/"#,
        "LETTER": "UCASE_LETTER | LCASE_LETTER",
        "WORD": "LETTER+",
        "CNAME": #"("_"|LETTER) ("_"|LETTER|DIGIT)*"#,
        "WS_INLINE": #"/[ \t]/+"#,
        "WS": #"/[ \t\f\r\n]/+"#,
        "CR": #"/\r/"#,
        "LF": #"/\n/"#,
        "NEWLINE": "(CR? LF)+",
        "SH_COMMENT": #"/#[^\n]*/"#,
        "CPP_COMMENT": #"/\/\/[^\n]*/"#,
        "C_COMMENT": #"/\/\*([^*]|\*+[^*\/])*\*+\//"#,
        "SQL_COMMENT": #"/--[^\n]*/"#,
        "PYTHON_COMMENT": #"/#[^\n]*/"#,
    ]
}
