// What ends sentences, and what looks as if it did.

extension SentenceSplitter {
    /// Marks that end a sentence where a space follows, of many scripts.
    static let ends: Set<Character> = [
        ".", "!", "?", "…", "‽", "؟", "۔", "।", "॥", "։", "።", "፧", "፨", "។", "៕", "။", "།",
    ]

    /// Marks that end a sentence whatever follows.
    static let fullwidthEnds: Set<Character> = ["。", "！", "？", "．", "｡"]

    static let closers: Set<Character> = [
        "\"", "'", "”", "’", "»", "›", ")", "]", "}", "」", "』", "）", "】", "》", "〉", "“",
    ]
    static let openers: Set<Character> = [
        "\"", "'", "“", "‘", "„", "‚", "«", "‹", "(", "[", "{", "¿", "¡", "「", "『", "（", "»",
    ]

    static let clauseMarks: Set<Character> = fullwidthClauseMarks.union([
        ",", ";", ":", "—", "–", "،", "؛", "၊", "፣", "፤",
    ])
    static let fullwidthClauseMarks: Set<Character> = ["、", "，", "；", "："]

    static let bullets: Set<Character> = ["-", "*", "•", "‣", "–", "—", "◦"]

    /// Languages that write ordinals with a full stop, as German does.
    static let ordinalLanguages: Set<String> = [
        "de", "lb", "da", "nb", "no", "is", "fi", "et", "lv", "cs", "sk", "pl", "hu", "hr", "sr", "bs", "sl", "tr",
        "eu",
    ]

    /// Abbreviations with full stops inside that may well end a sentence, before a capital letter.
    static let dottedEnds: Set<String> = ["a.m", "p.m", "b.c", "a.d"]

    /// Words that end with a full stop and go on.
    static let abbreviations: Set<String> = [
        // English
        "mr", "mrs", "ms", "dr", "prof", "rev", "hon", "gen", "col", "capt", "lt", "sgt", "cpl", "maj", "gov", "sen",
        "rep",
        "pres", "st", "mt", "ft", "messrs", "vs", "viz", "cf", "approx", "esp", "dept", "univ", "fr", "supt", "insp",
        // German
        "bzw", "ca", "dipl", "evtl", "ggf", "hr", "inkl", "ing", "od", "prov", "sog", "tel", "vgl", "zzgl", "abs",
        "bspw",
        "geb", "hrsg", "jh", "jhd", "mio", "mrd", "str", "zb", "exkl", "frl",
        // French, Spanish, Portuguese, Italian
        "m", "mm", "mme", "mlle", "sr", "sra", "srta", "srs", "dra", "ud", "uds", "vd", "pág", "págs", "núm", "av",
        "avda", "ej", "exmo", "exma", "eng", "sig", "dott", "avv", "arch", "ecc",
        // Dutch, Scandinavian
        "dhr", "mevr", "bijv", "blz", "hr", "fru", "bl", "osv",
        // Polish, Czech
        "np", "tzw", "ul", "inż", "mgr", "hab", "tzv", "např",
        // Russian, Ukrainian
        "г", "гг", "им", "ул", "тов", "проф", "акад", "см", "стр", "руб", "коп", "тыс", "млн", "млрд", "напр", "вул",
    ]

    /// Abbreviations that go on before a number alone, as "No" and "Jan" do.
    static let beforeNumbers: Set<String> = [
        "no", "nos", "nr", "vol", "ch", "chap", "fig", "sec", "art", "p", "pp", "pg", "par", "op", "bd", "kap", "abb",
        "s", "n",
        "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "okt", "nov", "dec", "dez",
    ]
}
