"""The pages of the browser without a browser: catalogues with identical keys, every key and icon that is used exists, no
text outside the catalogues, files of at most 500 lines."""
import json, pathlib, re, sys

WEB = pathlib.Path("webroot")
OWN = [p for p in sorted(WEB.rglob("*")) if p.suffix in (".js", ".css") and "vendor" not in p.parts]
LINES_MAX = 500
START = ["app.js", "views/desk.js"]  # the modules of the first pages, with all they import
found = []


def note(path, line, what):
    found.append(f"{path}:{line}: {what}")


def line_of(text, at):
    return text.count("\n", 0, at) + 1


def catalogues():
    texts = {name: json.loads((WEB / f"text/{name}.json").read_text()) for name in ("en", "zh-CN")}
    for key in texts["en"].keys() ^ texts["zh-CN"].keys():
        note("webroot/text/en.json", 1, f"{key} is in one catalogue only")
    for key in texts["en"].keys() & texts["zh-CN"].keys():
        values = [set(re.findall(r"\{(\w+)\}", texts[name][key])) for name in texts]
        if values[0] != values[1]:
            note("webroot/text/zh-CN.json", 1, f"{key} takes other values than in English")
        if not texts["zh-CN"][key].strip() or not texts["en"][key].strip():
            note("webroot/text/en.json", 1, f"{key} is empty")
    return texts["en"]


def keys_used(path, text, catalogue):
    for match in re.finditer(r"""\bt\(\s*['"]([\w.]+)['"]""", text):
        if match.group(1) not in catalogue:
            note(path, line_of(text, match.start()), f"there is no text {match.group(1)}")


def icons_used(path, text, icons):
    for match in re.finditer(r'<\$\{Icon\} name="([\w-]+)"', text):
        if match.group(1) not in icons:
            note(path, line_of(text, match.start()), f"there is no icon {match.group(1)}")


def plain_text(path, text):
    """Words between the tags of a template; units, keys of the keyboard and signs are no language."""
    allowed = re.compile(r"^(F\d+|Esc|Enter|Ctrl [A-Z]|Alt|CSV|EN|中文|Cardwright|kbd)?$")
    for match in re.finditer(r">([^<>${}`=]*[A-Za-z\u4e00-\u9fff]{2,}[^<>${}`=]*)<", text):
        words = match.group(1).strip()
        if not allowed.match(words) and "\n" not in words and "=>" not in words and "&&" not in words:
            note(path, line_of(text, match.start()), f"text outside the catalogues: {words}")


def imports(path):
    """Names of what a module imports at its start, below webroot; an import when it is needed is none of them."""
    found = re.findall(r"""\b(?:from|import)\s*["']([./][^"']+)["']""", path.read_text())
    return [(path.parent / name).resolve().relative_to(WEB.resolve()).as_posix() for name in found]


def first_modules():
    """What the login and the desk import, in the order of the imports: the page names all of it at once, because each level of
    imports would cost a way to the server and back."""
    seen = []

    def visit(name):
        for other in imports(WEB / name):
            if other not in seen and other not in START:
                seen.append(other)
                visit(other)

    for name in START:
        visit(name)
    return {*seen, *START[1:]}


def preloads():
    text = (WEB / "index.html").read_text()
    named = set(re.findall(r'<link rel="modulepreload" href="([^"]+)">', text))
    for name in sorted(first_modules() - named):
        note("webroot/index.html", 1, f"the desk needs {name}, and no modulepreload names it")
    for name in sorted(named - first_modules()):
        note("webroot/index.html", 1, f"modulepreload names {name}, and the first pages do not import it")


def main():
    catalogue = catalogues()
    preloads()
    icons = set(re.findall(r'symbol id="([^"]+)"', next(WEB.glob("vendor/tabler-icons-*/sprite-*.svg")).read_text()))
    for path in OWN:
        text = path.read_text()
        lines = text.count("\n")
        if lines > LINES_MAX:
            note(path, LINES_MAX, f"the file has {lines} lines, at most {LINES_MAX} are allowed")
        if path.suffix == ".js":
            keys_used(path, text, catalogue)
            icons_used(path, text, icons)
            plain_text(path, text)
    print("\n".join(found))
    sys.exit(1 if found else 0)


main()
