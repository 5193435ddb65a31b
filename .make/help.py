#!/usr/bin/env python3
"""Help for every refusal: from server/base/err.def (English) and webroot/text/errors.zh-CN.json into a page each under
webroot/docs/errors and the catalogue webroot/text/errors.en.json. Fails when a code has no Chinese text, when cause and next
step together are shorter than 40 characters, or when two texts are alike.
    help.py            write
    help.py --verify   only say what would change"""
import html, json, pathlib, re, sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEB = ROOT / "webroot"
CHARACTERS_MIN = 40
ROW = re.compile(r'^ERR\((\w+),\s*(\d+),\s*(\w+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+),\s*'
                 r'((?:"(?:[^"\\]|\\.)*"\s*)+)\)', re.M)


def text(literals):
    return "".join(json.loads(part) for part in re.findall(r'"(?:[^"\\]|\\.)*"', literals))


def read():
    source = (ROOT / "server/base/err.def").read_text()
    english = {m.group(1).lower(): {"title": text(m.group(4)), "cause": text(m.group(5)), "next": text(m.group(6)),
                                    "status": m.group(2)} for m in ROW.finditer(source)}
    if len(english) != len(re.findall(r"^ERR\(", source, re.M)):
        sys.exit("server/base/err.def:1: a row has a shape that .make/help.py does not read")
    return english, json.loads((WEB / "text/errors.zh-CN.json").read_text())


def check(english, chinese):
    found = []
    for code in english.keys() - chinese.keys():
        found.append(f"webroot/text/errors.zh-CN.json:1: {code} has no Chinese title, cause and next")
    for code in chinese.keys() - english.keys():
        found.append(f"webroot/text/errors.zh-CN.json:1: {code} is not in err.def any more")
    for language, texts in (("en", english), ("zh-CN", chinese)):
        seen = {}
        for code, row in texts.items():
            whole = row["cause"] + row["next"]
            if len(whole) < CHARACTERS_MIN:
                found.append(f"webroot/text/errors.{language}.json:1: {code} has {len(whole)} characters of help, "
                             f"at least {CHARACTERS_MIN} are needed")
            if whole in seen:
                found.append(f"webroot/text/errors.{language}.json:1: {code} says the same as {seen[whole]}")
            seen[whole] = code
    return sorted(found)


HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · Cardwright</title>
<link rel="icon" href="{up}img/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{up}css/tokens.css">
<link rel="stylesheet" href="{up}css/help.css">
</head>
<body>
<main>
"""


def section(language, row, words):
    return (f'<section lang="{language}" id="{language}">\n<h2>{html.escape(row["title"])}</h2>\n'
            f'<h3>{words[0]}</h3>\n<p>{html.escape(row["cause"])}</p>\n<h3>{words[1]}</h3>\n<p>{html.escape(row["next"])}</p>\n</section>\n')


def page(code, english, chinese):
    return (HEAD.format(title=html.escape(english["title"]), up="../../../") +
            f'<p class="code"><code>{code}</code> HTTP {english["status"]}</p>\n<h1>{html.escape(english["title"])} '
            f'<span lang="zh-CN">{html.escape(chinese["title"])}</span></h1>\n' +
            section("en", english, ("Why", "What to do")) + section("zh-CN", chinese, ("原因", "怎么办")) +
            '<p><a href="../">All refusals · <span lang="zh-CN">全部拒绝原因</span></a></p>\n</main>\n</body>\n</html>\n')


def index(english, chinese):
    rows = "".join(f'<li><a href="{code}/">{html.escape(row["title"])} · <span lang="zh-CN">{html.escape(chinese[code]["title"])}'
                   f'</span></a> <code>{code}</code></li>\n' for code, row in sorted(english.items()))
    return (HEAD.format(title="Help for every refusal", up="../../") + '<h1>Help for every refusal '
            f'<span lang="zh-CN">全部拒绝原因</span></h1>\n<ul>\n{rows}</ul>\n</main>\n</body>\n</html>\n')


def main():
    english, chinese = read()
    found = check(english, chinese)
    if found:
        print("\n".join(found))
        sys.exit(1)
    catalogue = {code: {part: row[part] for part in ("title", "cause", "next")} for code, row in english.items()}
    files = {"text/errors.en.json": json.dumps(catalogue, ensure_ascii=False, indent=0) + "\n",
             "docs/errors/index.html": index(english, chinese)}
    files.update({f"docs/errors/{code}/index.html": page(code, row, chinese[code]) for code, row in english.items()})
    stale = [name for name, content in files.items() if not (WEB / name).exists() or (WEB / name).read_text() != content]
    there = {p.relative_to(WEB).as_posix() for p in (WEB / "docs/errors").rglob("*.html")}
    gone = sorted(name for name in there - files.keys())
    if "--verify" in sys.argv:
        for name in stale + gone:
            print(f"webroot/{name}:1: is not what err.def says; run make help-pages")
        sys.exit(1 if stale or gone else 0)
    for name in stale:
        (WEB / name).parent.mkdir(parents=True, exist_ok=True)
        (WEB / name).write_text(files[name])
    for name in gone:
        (WEB / name).unlink()


main()
