"""What the Autobahn TestSuite says of bristle: as a table, as what is wrong, and in the documentation."""

import collections

COLUMNS = [("endpoint", "ws"), ("endpoint", "wss"), ("client", "ws"), ("client", "wss")]

TITLES = {
    "1": "1 framing",
    "2": "2 pings and pongs",
    "3": "3 reserved bits",
    "4": "4 opcodes",
    "5": "5 fragmentation",
    "6": "6 UTF-8",
    "7": "7 closing",
    "9": "9 large messages, many messages",
    "10": "10 automatic fragmentation",
    "12": "12 compression, each kind of message",
    "13": "13 compression, each kind of parameters",
}

# The suite only tells what the peer does in these: a message after a close frame, close codes that are not assigned.
INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}

BEGIN = "<!-- written by framework/tests/autobahn/run.py: begin -->\n"
END = "<!-- written by framework/tests/autobahn/run.py: end -->\n"


def table(tables):
    """A Markdown table: sections down, sides and schemes across."""
    counts = {column: by_section(cases) for column, cases in tables.items()}
    sections = sorted({section for column in counts.values() for section in column}, key=int)
    rows = [["section"] + [f"{role}, `{scheme}`" for role, scheme in COLUMNS]]
    rows += [[TITLES[section]] + [words(counts[column][section]) for column in COLUMNS] for section in sections]
    rows += [["all"] + [words(sum(counts[column].values(), collections.Counter())) for column in COLUMNS]]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|"] + lines[1:])


def by_section(cases):
    sections = collections.defaultdict(collections.Counter)
    for case, result in cases.items():
        sections[case.split(".")[0]][verdict(result)] += 1
    return sections


def verdict(result):
    """One word for a case: the worse of what the suite says of its messages and of its close."""
    order = ["OK", "INFORMATIONAL"]
    said = [result["behavior"], result["behaviorClose"]]
    return max(said, key=lambda word: order.index(word) if word in order else len(order))


def words(counts):
    return ", ".join(f"{count} {word if word == 'OK' else word.lower()}" for word, count in sorted(counts.items(), key=rank))


def rank(entry):
    return (entry[0] != "OK", entry[0])


def wrong(tables, expected):
    """A sentence for each case, and each number of cases, that is not as it must be."""
    found = []
    for (role, scheme), cases in tables.items():
        if len(cases) != expected:
            found.append(f"{role} over {scheme}: {len(cases)} cases ran, {expected} should have")
        for case, result in cases.items():
            word = verdict(result)
            if word != "OK" and not (word == "INFORMATIONAL" and case in INFORMATIONAL):
                close = result["remoteCloseCode"]
                found.append(f"{role} over {scheme}: case {case} is {word}, closed by us with {close}")
    return sorted(found)


def write(path, tables):
    """Puts the table in its place in a document."""
    before, rest = path.read_text().split(BEGIN)
    after = rest.split(END)[1]
    path.write_text(f"{before}{BEGIN}\n{table(tables)}\n\n{END}{after}")
