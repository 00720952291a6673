"""A page of text in the look of the chat, for where the chat itself is not: whole in one response."""

from html import escape

from kgqa.chat.markup import visible

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #ffffff; --line: #e3dfd4; --ink: #23241f;
  --soft: #6a675d; --accent: #0f7a60; --wash: #f4f2ec;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Noto Serif", Georgia, serif; }
@media (prefers-color-scheme: dark) { :root { --paper: #131413; --card: #1a1c1b; --line: #343734; --ink: #e9e7e0;
  --soft: #a5a297; --accent: #5fcbab; --wash: #202322; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Noto Sans", sans-serif; }
main { max-width: 820px; margin: 0 auto; padding: 28px 20px 64px; }
h1 { margin: 0 0 6px; font: 600 30px/1.2 var(--serif); letter-spacing: -0.01em; }
h2 { margin: 0 0 4px; font: 600 22px/1.3 var(--serif); }
p { margin: 0 0 12px; }
header p { color: var(--soft); }
a { color: var(--accent); }
a:focus-visible, button:focus-visible, pre:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
section { margin-top: 22px; padding: 20px 22px; background: var(--card); border: 1px solid var(--line);
  border-radius: 18px; }
code { font: 14px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.method { margin-right: 10px; padding: 2px 10px; border-radius: 999px; background: var(--accent); color: var(--card);
  font: 600 13px/1.5 ui-monospace, monospace; }
pre { position: relative; margin: 0 0 14px; padding: 13px 84px 13px 15px; background: var(--wash);
  border: 1px solid var(--line); border-radius: 12px; overflow-x: auto; }
pre code { white-space: pre-wrap; }
pre button { position: absolute; top: 8px; right: 8px; padding: 4px 12px; border: 1px solid var(--line);
  border-radius: 999px; background: var(--card); color: var(--ink); font: 600 13px system-ui, sans-serif;
  cursor: pointer; }
table { width: 100%; margin-top: 12px; border-collapse: collapse; font-size: 15px; }
caption { padding: 6px 0; text-align: left; color: var(--soft); font-weight: 600; font-size: 14px; }
th, td { padding: 7px 10px 7px 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top;
  font-weight: 400; }
th { width: 25%; }
table.values :is(td, th + th) { text-align: right; font-variant-numeric: tabular-nums; }
td i { color: var(--soft); }
td i::after { content: " · "; }
ul.done { margin: 0 0 8px; padding: 0; list-style: none; color: var(--soft); }
progress { width: 100%; height: 10px; accent-color: var(--accent); }
@media (max-width: 560px) { main { padding: 20px 14px 48px; } section { padding: 16px 15px; border-radius: 14px; }
  th, td { display: block; width: auto; padding-right: 0; } td { border-top: 0; padding-top: 0; }
  table.values :is(th, td) { display: table-cell; border-top: 1px solid var(--line); padding: 7px 0; }
  pre { padding: 13px 14px 46px; } pre button { top: auto; bottom: 8px; } }
"""


def plain_page(title: str, body: str, head: str = "") -> str:
    """A page as HTML; `body` and `head` are HTML already, the title is text."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(visible(title))}</title>{head}<style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    )
