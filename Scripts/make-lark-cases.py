#!/usr/bin/env python3
"""Asks Lark which texts belong to grammars, into Tests/InferenceServerTests/Lark/cases.json.

Needs the packages lark and regex (pip install lark regex), and nothing of the server. The grammars are of the kind that
OpenAI's clients send with custom tools; the texts are some of their own, and random changes of them.
"""

import json
import pathlib
import random

from lark import Lark
from lark.exceptions import LarkError

CASES = pathlib.Path(__file__).parent.parent / "Tests/InferenceServerTests/Lark/cases.json"

GRAMMARS = {
    "arithmetic": (r"""
start: expr
expr: term (SP ADD SP term)+ -> add
    | term
term: factor (SP MUL SP factor)+ -> mul
    | factor
factor: INT
SP: " "
ADD: "+"
MUL: "*"
%import common.INT
""", ["4", "4 + 4", "2 * 3 + 1", "10 * 10 * 10", "4 +4", "4 +", "", "x"]),
    "calculator, left-recursive": (r"""
?start: sum
?sum: product
    | sum "+" product   -> add
    | sum "-" product   -> sub
?product: atom
    | product "*" atom  -> mul
    | product "/" atom  -> div
?atom: NUMBER           -> number
     | "-" atom         -> neg
     | "(" sum ")"
%import common.NUMBER
%import common.WS_INLINE
%ignore WS_INLINE
""", ["1+2*3", " 1 - ( 2.5 / -3 ) ", "--4", "1e10*2", "1+", "(1", "1 2", ".5", "5."]),
    "select": (r"""
// ---------- Punctuation & operators ----------
SP: " "
COMMA: ","
GT: ">"
EQ: "="
SEMI: ";"

// ---------- Start ----------
start: "SELECT" SP "TOP" SP NUMBER SP select_list SP "FROM" SP table SP "WHERE" SP amount_filter SP "AND" SP date_filter SP "ORDER" SP "BY" SP sort_cols SEMI

// ---------- Projections ----------
select_list: column (COMMA SP column)*
column: IDENTIFIER

// ---------- Tables ----------
table: IDENTIFIER

// ---------- Filters ----------
amount_filter: "total_amount" SP GT SP NUMBER
date_filter: "order_date" SP GT SP DATE

// ---------- Sorting ----------
sort_cols: "order_date" SP "DESC"

// ---------- Terminals ----------
IDENTIFIER: /[A-Za-z_][A-Za-z0-9_]*/
NUMBER: /[0-9]+/
DATE: /'[0-9]{4}-[0-9]{2}-[0-9]{2}'/
""", [
        "SELECT TOP 5 customer_id, order_id FROM orders WHERE total_amount > 500 AND order_date > '2025-01-01' ORDER BY order_date DESC;",
        "SELECT TOP 5 a FROM b WHERE total_amount > 1 AND order_date > '2025-1-01' ORDER BY order_date DESC;",
        "SELECT a FROM b;",
    ]),
    "timestamp": (r"""
start: month SP day ", " year " at " time
month: "January" | "February" | "March" | "April" | "May" | "June" | "July" | "August" | "September"
     | "October" | "November" | "December"
day: /[0-9]{1,2}/ ["st" | "nd" | "rd" | "th"]
year: DIGIT ~ 4
time: HOUR ":" MINUTE SP? ("am"i | "pm"i)
HOUR: /1[0-2]|0?[1-9]/
MINUTE: "0".."5" "0".."9"
SP: / +/
%import common.DIGIT
""", ["August 7th, 2025 at 10:05 AM", "May 1, 1999 at 1:59pm", "May 1, 99 at 1:59pm", "May 1, 1999 at 13:59Pm", "May  12th, 2020 at 09:00 aM"]),
    "json": (r"""
?start: value
?value: object | array | string | SIGNED_NUMBER | "true" | "false" | "null"
array: "[" [value ("," value)*] "]"
object: "{" [pair ("," pair)*] "}"
pair: string ":" value
string: ESCAPED_STRING
%import common (ESCAPED_STRING, SIGNED_NUMBER, WS)
%ignore WS
""", ['{"a": [1, -2.5e3, true, null], "b": {}}', '[\n1,\t2 ]', '{"a" 1}', "[1,]", '"x\\"y"', "tru", '"\\\\"', '[[]]', '{"é": "ü"}']),
    "flags and counts": (r"""
start: WORD_ITEM ~ 2..3 "!" ["?"] (LETTERS | other)+
other.2: /[^a-z\n]x/is
WORD_ITEM.-1: "ab"i | /c.d/s
LETTERS: ("x".."z")+
""", ["abAB!x", "ab!x", "abababab!x", "c\nd" "aB!?zzy", "abab!1X", "abab!\nx", "abab!ax", "abab!?", "abc dab!xyz"]),
    "comments and ignored words": (r"""
# a comment
start: item* // another
item: NAME "=" value ";"
!value: NAME | "[" (value ("," value)*)? "]"
NAME: ("a".."z" | "_")+
COMMENT: "/*" /[^*]*/ "*/"
%ignore /[ \t\n]+/
%ignore COMMENT
""", ["a=b;", "a = [b, c] ; /* x */ b=[];", "", "a=b", "a=[b,];", "/* only */", "a b=c;", "a=/*x*/b;"]),
    "escapes": (r"""
start: "\"" INNER? "\"" "\\" "\n" "\t"? TAIL
INNER: /[^"\\\n]+/
TAIL: "\x41" | "\u00e9" | "/" /\/[\]\-x]/
""", ['"abc"\\\nA', '""\\\n\té', '"a"b"\\\nA', '"abc"\\\n//]', '"abc"\\\n//-', '"abc"\\\n/', '"a\n"\\\nA']),
}


def changed(text: str, source: random.Random) -> str:
    place = source.randrange(len(text) + 1)
    match source.randrange(4):
        case 0:
            return text[:place] + text[place + 1 :]
        case 1:
            return text[:place] + source.choice(" 01aAx+\"'\\\n,;()[]{}-*éZ") + text[place:]
        case 2:
            return text[:place] + text[place : place + 2] * 2 + text[place + 2 :]
        case _:
            return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]


def main() -> None:
    source = random.Random(4)
    cases = []
    for name, (grammar, texts) in GRAMMARS.items():
        lark = Lark(grammar, parser="earley", lexer="dynamic_complete", regex=False)
        tried = list(dict.fromkeys(texts + [changed(text, source) for text in texts for _ in range(8)]))
        accepted, refused = [], []
        for text in tried:
            try:
                lark.parse(text)
                accepted.append(text)
            except LarkError:
                refused.append(text)
        print(f"{name}: {len(accepted)} accepted, {len(refused)} refused")
        cases.append({"name": name, "grammar": grammar, "accepted": accepted, "refused": refused})
    CASES.write_text(json.dumps(cases, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
