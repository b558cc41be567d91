"""The frame of the page: its style, and a script that renews what is shown and leaves open what was opened."""

STYLE = """
:root { color-scheme: light dark; --ground: #f3f4f6; --card: #fff; --ink: #1b1e25; --soft: #59606e;
  --line: #dde0e6; --fill: #f6f7f9; --good: #18794e; --warn: #9a4b00; --bad: #c4262b; --link: #2f55cf;
  --slack: #7a2a84; --gitlab: #d6490f; --zoom: #0b5cff; --x: #1b1e25 }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1115; --card: #181b21; --ink: #e8eaf0;
  --soft: #9ca4b4; --line: #2b303a; --fill: #1f232b; --good: #3dd68c; --warn: #ffa057; --bad: #ff9592;
  --link: #9db1ff; --slack: #d39adb; --gitlab: #fc8a52; --zoom: #7aa7ff; --x: #e8eaf0 } }
* { box-sizing: border-box }
html { scroll-behavior: smooth; scroll-padding-top: 3.5rem; -webkit-text-size-adjust: 100% }
body { background: var(--ground); color: var(--ink); font: 14px/1.5 system-ui, -apple-system, "Segoe UI",
  "Liberation Sans", sans-serif; margin: 0 auto; max-width: 96rem; padding: 1rem clamp(.75rem, 2vw, 2rem) 2rem }
header { align-items: baseline; display: flex; flex-wrap: wrap; gap: .1rem .8rem; margin-bottom: .8rem }
h1 { font-size: 1.3rem; letter-spacing: -.01em; margin: 0 }
h2 { font-size: 1.05rem; margin: 0 0 .7rem } h3 { font-size: .95rem; margin: 1.1rem 0 .4rem }
h4 { font-size: .85rem; margin: .5rem 0 .1rem } h2 + h3 { margin-top: 0 }
h2 small, h3 small { font-weight: 400; margin-left: .2rem }
p { margin: .15rem 0 } small { font-size: .82rem } small, .quiet, .about, time { color: var(--soft) }
.slack { --own: var(--slack) } .gitlab { --own: var(--gitlab) } .zoom { --own: var(--zoom) } .x { --own: var(--x) }
nav { background: var(--ground); display: none; gap: .5rem; margin: 0 -.75rem .5rem; overflow-x: auto;
  padding: .5rem .75rem; position: sticky; top: 0; z-index: 1 }
nav a { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; color: var(--ink);
  padding: .3rem .8rem; text-decoration: none }
nav a::before, h2::before { background: var(--own, var(--bad)); border-radius: 50%; content: ""; display: inline-block;
  height: .6rem; margin-right: .45rem; width: .6rem }
main { align-items: start; display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) }
section, .faults, footer details { background: var(--card); border: 1px solid var(--line); border-radius: .7rem;
  min-width: 0; overflow-wrap: anywhere; padding: 1rem }
@media (max-width: 45.99rem) { nav { display: flex } }
@media (min-width: 46rem) { main { grid-template-columns: repeat(2, minmax(0, 1fr)) } }
@media (min-width: 72rem) { main { grid-template: auto 1fr / 5fr 5fr 4fr;
  grid-template-areas: "slack gitlab zoom" "slack gitlab x" }
  .slack { grid-area: slack } .gitlab { grid-area: gitlab } .zoom { grid-area: zoom } .x { grid-area: x } }
article { background: var(--fill); border-left: 3px solid var(--own); border-radius: .4rem; margin: .5rem 0 0;
  padding: .55rem .75rem }
.words .title { font-weight: 650; margin-bottom: .2rem } .words .quiet { font-size: .85rem }
.about, .tags, time { font-size: .82rem } .about { margin-top: .15rem } .tags { margin: .3rem 0 .2rem }
ul { border-left: 2px solid var(--line); list-style: none; margin: .5rem 0 .1rem; padding: 0 0 0 .75rem }
li + li, .note { border-top: 1px solid var(--line); margin-top: .45rem; padding-top: .4rem }
pre { font: 12px/1.5 ui-monospace, "Liberation Mono", monospace; margin: .4rem 0 0; white-space: pre-wrap }
details pre { background: var(--card); border: 1px solid var(--line); border-radius: .3rem; padding: .35rem .5rem }
summary { color: var(--soft); cursor: pointer; padding: .1rem 0 } footer summary { color: var(--ink) }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
.tag { border: 1px solid var(--line); border-radius: 1rem; display: inline-block; font-size: .79rem;
  line-height: 1.35; padding: 0 .5rem } .tag i { color: var(--soft); font-style: normal }
.good { color: var(--good) } .warn { color: var(--warn) } .bad { color: var(--bad) }
.tag.good, .tag.warn, .tag.bad { border-color: currentColor } u { color: var(--link) }
.faults { border-color: var(--bad); margin-bottom: 1rem }
footer { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); margin-top: 1rem }
footer pre { overflow-wrap: anywhere } .wide { margin-top: .5rem; overflow-x: auto }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; width: 100% }
th { color: var(--soft); font-weight: 500; text-align: left } th, td { padding: .2rem .7rem .2rem 0; white-space: nowrap }
td { border-top: 1px solid var(--line) } td:nth-child(4) { min-width: 18rem; overflow-wrap: anywhere;
  white-space: normal; width: 100% }
"""

SCRIPT = """
const opened = () => new Set([...document.querySelectorAll('details[open]')].map(one => one.id));
async function renew() {
  try {
    const text = await (await fetch(location.href)).text();
    const fresh = new DOMParser().parseFromString(text, 'text/html').querySelector('#all');
    const open = opened();
    for (const one of fresh.querySelectorAll('details')) one.open = open.has(one.id);
    const all = document.querySelector('#all');
    if (all.innerHTML !== fresh.innerHTML && !String(getSelection())) all.replaceWith(fresh);
    document.querySelector('#now').textContent = '';
  } catch { document.querySelector('#now').textContent = 'the sandbox does not answer'; }
}
setInterval(renew, 2000);
"""


def framed(body: str) -> str:
    """Return the page around its content."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<noscript><meta http-equiv="refresh" content="5"></noscript>'
        f"<title>Muster sandbox</title><style>{STYLE}</style>"
        "<header><h1>Muster sandbox</h1><span class=quiet>What Muster has done outside, in stand-ins of "
        "Slack, GitLab, Zoom and X; the newest is on top.</span> <b id=now class=bad></b></header>"
        f"<div id=all>{body}</div><script type=module>{SCRIPT}</script></html>"
    )
