"""The frame of the page: its style, and a script that renews what is shown and leaves open what was opened."""

STYLE = """
:root { color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --ink: #1c1f26; --soft: #5d6472;
  --line: #dfe2e8; --fill: #f4f5f8; --accent: #3d63dd; --good: #18794e; --warn: #ad5700; --bad: #ce2c31 }
@media (prefers-color-scheme: dark) { :root { --ground: #111318; --card: #191c23; --ink: #e8eaf0;
  --soft: #9aa2b1; --line: #2c313c; --fill: #21252e; --accent: #8da4ef; --good: #3dd68c; --warn: #ffa057;
  --bad: #ff9592 } }
* { box-sizing: border-box }
body { background: var(--ground); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; margin: 0 auto;
  max-width: 100rem; padding: 1rem }
header { align-items: baseline; display: flex; flex-wrap: wrap; gap: .2rem .8rem; margin-bottom: .8rem }
h1 { font-size: 1.25rem; margin: 0 } h2 { font-size: 1rem; margin: 0 0 .5rem }
h3 { font-size: .9rem; margin: 1rem 0 .3rem } p { margin: .2rem 0 } small, .quiet { color: var(--soft) }
h2 small, h3 small { font-weight: 400 }
main { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); align-items: start }
section, .faults, footer details { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  min-width: 0; overflow-wrap: anywhere; padding: .9rem }
@media (min-width: 46rem) { main { grid-template-columns: repeat(2, minmax(0, 1fr)) } }
@media (min-width: 75rem) { main { grid-template-columns: 5fr 5fr 4fr; grid-template-rows: auto 1fr;
  grid-template-areas: "slack gitlab zoom" "slack gitlab x" }
  .slack { grid-area: slack } .gitlab { grid-area: gitlab } .zoom { grid-area: zoom } .x { grid-area: x } }
article { background: var(--fill); border-left: 3px solid var(--accent); border-radius: .3rem; margin: .4rem 0;
  padding: .4rem .6rem }
article article { border-left-color: var(--line); margin-bottom: 0 }
pre { font: 12px/1.45 ui-monospace, monospace; margin: .3rem 0; white-space: pre-wrap }
summary { cursor: pointer; color: var(--soft) } time { color: var(--soft); font-size: .8rem }
.tag { border: 1px solid var(--line); border-radius: 1rem; display: inline-block; font-size: .77rem;
  padding: 0 .5rem } .good { color: var(--good) } .warn { color: var(--warn) } .bad { color: var(--bad) }
.tag.good, .tag.warn, .tag.bad { border-color: currentColor } u { color: var(--accent) }
.faults { border-color: var(--bad); margin-bottom: 1rem } footer { margin-top: 1rem }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: .82rem; width: 100% }
td { border-top: 1px solid var(--line); padding: .15rem .5rem .15rem 0; white-space: nowrap }
td:nth-child(4) { overflow-wrap: anywhere; white-space: normal; width: 100% }
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
        "<header><h1>Sandbox</h1><span class=quiet>What Muster has done outside, in stand-ins of "
        "Slack, Zoom, GitLab and X.</span> <b id=now class=bad></b></header>"
        f"<div id=all>{body}</div><script type=module>{SCRIPT}</script></html>"
    )
