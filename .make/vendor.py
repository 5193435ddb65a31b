#!/usr/bin/env python3
"""Fetches the libraries of the browser at pinned versions and writes webroot/vendor: only the files that are served, with
their licences, .gz twins and a list of SHA-256 sums. The result is committed, so nothing but this program needs npm.
    vendor.py            fetch, check the archives against .make/vendor.lock, write
    vendor.py --pin      the same, and write the sums of the archives into the lock (after a version was changed here)
    vendor.py --verify   only compare webroot/vendor with its SHA256SUMS
What is cut to our needs changes when the lists below change. The rules stand under a path without a version, so browsers ask
each time. The icons have their sum in their name, because a page goes on needing them while the server is away; the page
that names them is written too."""
import gzip, hashlib, io, pathlib, re, shutil, subprocess, sys, tarfile, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENDOR = ROOT / "webroot" / "vendor"
NEW = ROOT / "webroot" / ".vendor-new"
ICON_PAGE = ROOT / "webroot" / "parts" / "icon.js"
LOCK = ROOT / ".make" / "vendor.lock"

PACKAGES = {
    "preact": "11.2.0", "htm": "3.1.1", "@preact/signals": "2.11.4", "@preact/signals-core": "1.14.5",
    "@tabler/core": "1.6.1", "@tabler/icons": "3.51.0", "@fontsource-variable/inter": "5.3.0",
    "uplot": "1.6.32", "swagger-ui-dist": "5.35.0",
}

# Modules: where a bare import leads, as a path from the folder of another module.
MODULES = {
    "preact": ("preact", "dist/preact.mjs", "preact-11.2.0/preact.js"),
    "preact/hooks": ("preact", "hooks/dist/hooks.mjs", "preact-11.2.0/hooks.js"),
    "htm": ("htm", "dist/htm.mjs", "htm-3.1.1/htm.js"),
    "@preact/signals-core": ("@preact/signals-core", "dist/signals-core.module.js", "signals-2.11.4/signals-core.js"),
    "@preact/signals": ("@preact/signals", "dist/signals.module.js", "signals-2.11.4/signals.js"),
    "uplot": ("uplot", "dist/uPlot.esm.js", "uplot-1.6.32/uplot.js"),
}
PLAIN = [
    ("uplot", "dist/uPlot.min.css", "uplot-1.6.32/uplot.css"),
    ("swagger-ui-dist", "swagger-ui-bundle.js", "swagger-ui-5.35.0/swagger-ui-bundle.js"),
    ("swagger-ui-dist", "swagger-ui.css", "swagger-ui-5.35.0/swagger-ui.css"),
]
LICENCES = [
    ("preact", "LICENSE", "preact-11.2.0/LICENSE"), ("htm", "LICENSE", "htm-3.1.1/LICENSE"),
    ("@preact/signals", "LICENSE", "signals-2.11.4/LICENSE"), ("uplot", "LICENSE", "uplot-1.6.32/LICENSE"),
    ("swagger-ui-dist", "LICENSE", "swagger-ui-5.35.0/LICENSE"), ("swagger-ui-dist", "NOTICE", "swagger-ui-5.35.0/NOTICE"),
    ("swagger-ui-dist", "swagger-ui-bundle.js.LICENSE.txt", "swagger-ui-5.35.0/swagger-ui-bundle.js.LICENSE.txt"),
    ("@fontsource-variable/inter", "LICENSE", "inter-5.3.0/LICENSE"), ("@tabler/icons", "LICENSE", "tabler-icons-3.51.0/LICENSE"),
]
# The npm archive of @tabler/core has no licence file of its own; its header and package.json name the MIT licence.
MIT = """The MIT License (MIT)

{owner}

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software
is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES
OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE
LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR
IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

# Tabler's sheet is 79 KB on the wire; the screens use these of its classes. A rule stays if all classes in one of its
# selectors are among them. A class that no screen uses is refused.
TABLER_CLASSES = """btn btn-primary form-control form-select form-label form-hint form-check-input is-invalid table
disabled visually-hidden-focusable""".split()

# Inter holds weights from 100 to 900 and features the screens never ask for. Kept: the weights of the style sheets, all its
# characters, figures of one width, spacing, and what joins or places marks. Another cut gets another name.
FONT = "inter-5.3.0/inter-latin-400-700-text.woff2"
FONT_WEIGHTS = (400, 700)
FONT_FEATURES = ["ccmp", "locl", "tnum", "kern", "mark", "mkmk"]

ICONS = """activity alert-octagon alert-triangle arrow-back-up arrow-left arrow-right arrow-up-right bolt
cards cash check chevron-down chevron-right chevron-up circle-check circle-dashed circle-x
clock credit-card credit-card-off copy device-desktop download droplet edit
file-spreadsheet filter flag gift hand-stop hash help hierarchy-2 history hourglass key language list-check lock
minus moon nfc pencil plug plug-connected plug-connected-x plus power printer receipt refresh
reload scan school search settings shield-x sun tool tools-kitchen-2 trash user
user-check user-search user-off user-plus user-x users volume volume-off wallet wifi-off x""".split()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def archive_name(package):
    return package.lstrip("@").replace("/", "-") + "-" + PACKAGES[package] + ".tgz"


def fetch(folder, pin):
    known = dict(line.split()[::-1] for line in LOCK.read_text().splitlines()) if LOCK.exists() else {}
    sums, archives = {}, {}
    for package, version in PACKAGES.items():
        subprocess.run(["npm", "pack", "--silent", f"{package}@{version}"], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        name = archive_name(package)
        sums[name] = sha256((folder / name).read_bytes())
        if not pin and known.get(name) != sums[name]:
            sys.exit(f"vendor: {name} is not the archive that .make/vendor.lock names")
        archives[package] = tarfile.open(folder / name)
    if pin:
        LOCK.write_text("".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    return archives


def member(archives, package, path):
    return archives[package].extractfile("package/" + path).read()


def write(path, data):
    target = NEW / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def strip_source_map(text):
    """Only the comment at the very end: these modules are one line, and the line must stay."""
    text = re.sub(r"\s*//# sourceMappingURL=\S+\s*$", "\n", text)
    return re.sub(r"\s*/\*# sourceMappingURL=[^*]+\*/\s*$", "\n", text)


def module(archives, name):
    package, path, target = MODULES[name]
    text = strip_source_map(member(archives, package, path).decode())
    here = pathlib.PurePosixPath(target).parent

    def relative(match):
        if match.group(2) not in MODULES:
            return match.group()
        other = MODULES[match.group(2)][2]
        away = "./" + pathlib.PurePosixPath(other).name if pathlib.PurePosixPath(other).parent == here else "../" + other
        return match.group(1) + '"' + away + '"'

    text = re.sub(r'((?:from|import)\s*)"([@\w/-]+)"', relative, text)
    write(target, text.encode())


def css_blocks(text):
    """Top-level rules of a sheet: (prelude, body with braces or None)."""
    at = 0
    while at < len(text):
        end = re.compile(r"[{;]").search(text, at)
        if not end:
            return
        if text[end.start()] == ";":
            yield text[at:end.end()].strip(), None
            at = end.end()
            continue
        depth, close = 1, end.end()
        while depth:
            sign = re.compile(r'[{}]|"[^"]*"').search(text, close)
            depth += {"{": 1, "}": -1}.get(sign.group(), 0)
            close = sign.end()
        yield text[at:end.start()].strip(), text[end.end():close - 1]
        at = close


def split_selectors(prelude):
    parts, depth, begin = [], 0, 0
    for index, sign in enumerate(prelude):
        depth += sign in "(["
        depth -= sign in ")]"
        if sign == "," and depth == 0:
            parts.append(prelude[begin:index])
            begin = index + 1
    return parts + [prelude[begin:]]


def wanted(selector, keep):
    """Of classes we use; not for parts of Tabler that are no classes (its calendar), nor for its older theme attribute."""
    classes = set(re.findall(r"\.((?:[\w-]|\\.)+)", selector))
    attributes = set(re.findall(r"\[(data-[\w-]+)", selector))
    return classes <= keep and attributes <= {"data-bs-theme"} and ":host" not in selector


def trim(text, keep):
    out = []
    for prelude, body in css_blocks(text):
        if body is None:
            continue
        if prelude.startswith(("@media", "@supports")):
            inner = trim(body, keep) if "print" not in prelude else ""
            if inner:
                out.append(f"{prelude}{{{inner}}}")
        elif prelude.startswith("@keyframes"):
            if "spinner" in prelude:
                out.append(f"{prelude}{{{body}}}")
        elif not prelude.startswith("@"):
            chosen = [s for s in split_selectors(prelude) if wanted(s, keep)]
            if chosen:
                out.append(f"{','.join(chosen)}{{{body}}}")
    return "".join(out)


def drop_unused_variables(text):
    """Custom properties nobody reads, until none is left."""
    while True:
        used = set(re.findall(r"var\(\s*(--[\w-]+)", text))
        smaller = re.sub(r"(--[\w-]+)\s*:[^;{}]*(?:;|(?=\}))", lambda m: m.group() if m.group(1) in used else "", text)
        smaller = re.sub(r"[^{}]+\{\s*\}", "", smaller)
        if smaller == text:
            return text
        text = smaller


def refuse_unused():
    """What no screen names must not travel to every browser."""
    pages = [p for p in sorted((ROOT / "webroot").rglob("*.js")) if not p.is_relative_to(VENDOR)]
    words = set(re.findall(r"[\w-]+", "\n".join(p.read_text() for p in pages)))
    unused = [name for name in [*TABLER_CLASSES, *ICONS] if name not in words]
    if unused:
        sys.exit(f"vendor: no screen uses {', '.join(unused)}; take them off the lists")


def font(archives):
    from fontTools import subset, ttLib  # Debian: python3-fonttools and python3-brotli
    from fontTools.varLib import instancer
    source = member(archives, "@fontsource-variable/inter", "files/inter-latin-wght-normal.woff2")
    face = ttLib.TTFont(io.BytesIO(source), recalcTimestamp=False)
    options = subset.Options(layout_features=FONT_FEATURES, hinting=False, notdef_outline=True)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=face.getBestCmap())
    cutter.subset(face)
    face = instancer.instantiateVariableFont(face, {"wght": FONT_WEIGHTS})
    face.flavor = "woff2"
    out = io.BytesIO()
    face.save(out)
    write(FONT, out.getvalue())


def tabler(archives):
    sheet = re.sub(r"/\*.*?\*/", "", member(archives, "@tabler/core", "dist/css/tabler.min.css").decode(), flags=re.S)
    sheet = drop_unused_variables(trim(sheet, set(TABLER_CLASSES)))
    sheet = re.sub(r"url\([^)]*\)", lambda m: m.group() if m.group().strip("url()\"'").startswith("data:") else "none", sheet)
    head = f"/* Tabler {PACKAGES['@tabler/core']}, MIT: the rules these screens use, chosen by .make/vendor.py. */\n"
    write("tabler/tabler.css", (head + sheet + "\n").encode())
    write("tabler/LICENSE", MIT.format(owner="Copyright (c) 2018-2026 The Tabler Authors").encode())


def sprite(archives):
    out = ['<svg xmlns="http://www.w3.org/2000/svg">']
    for name in sorted(set(ICONS)):
        svg = member(archives, "@tabler/icons", f"icons/outline/{name}.svg").decode()
        body = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.S).group(1)
        body = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>', "", body)
        out.append(f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(body.split())}</symbol>')
    data = ("\n".join(out) + "\n</svg>\n").encode()
    path = f"tabler-icons-{PACKAGES['@tabler/icons']}/sprite-{sha256(data)[:8]}.svg"
    write(path, data)
    ICON_PAGE.write_text(re.sub(r"'vendor/tabler-icons[^']*'", f"'vendor/{path}'", ICON_PAGE.read_text()))


def finish():
    """Twins and sums; then the new folder takes the place of the old one, so that no page is ever without its libraries."""
    for path in sorted(NEW.rglob("*")):
        if path.suffix in (".js", ".css", ".svg"):
            with open(f"{path}.gz", "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=0) as packed:
                packed.write(path.read_bytes())
    names = sorted(p.relative_to(NEW).as_posix() for p in NEW.rglob("*") if p.is_file())
    (NEW / "SHA256SUMS").write_text("".join(f"{sha256((NEW / n).read_bytes())}  {n}\n" for n in names))
    old = NEW.with_name(".vendor-old")
    if VENDOR.exists():
        VENDOR.rename(old)
    NEW.rename(VENDOR)
    shutil.rmtree(old, ignore_errors=True)


def verify():
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in (VENDOR / "SHA256SUMS").read_text().splitlines())}
    there = {p.relative_to(VENDOR).as_posix() for p in VENDOR.rglob("*") if p.is_file() and p.name != "SHA256SUMS"}
    bad = [n for n in sorted(there | set(listed)) if n not in there or listed.get(n) != sha256((VENDOR / n).read_bytes())]
    for name in bad:
        print(f"webroot/vendor/{name}:1: is not what SHA256SUMS says; run make vendor")
    sys.exit(1 if bad else 0)


def main():
    if "--verify" in sys.argv:
        verify()
    with tempfile.TemporaryDirectory() as folder:
        refuse_unused()
        archives = fetch(pathlib.Path(folder), "--pin" in sys.argv)
        shutil.rmtree(NEW, ignore_errors=True)
        for name in MODULES:
            module(archives, name)
        for package, path, target in PLAIN + LICENCES:
            data = member(archives, package, path)
            write(target, strip_source_map(data.decode()).encode() if target.endswith((".js", ".css")) else data)
        font(archives)
        tabler(archives)
        sprite(archives)
    finish()


main()
