"""How a report looks: light and dark, on a wide screen, on a phone, on paper."""

from __future__ import annotations

from colorsys import hls_to_rgb

import numpy as np

LIGHT = {
    "--page": "#ffffff", "--panel": "#f6f8fa", "--edge": "#d0d7de", "--grid": "#e6eaef",
    "--ink": "#1f2328", "--faint": "#59636e", "--line": "#0969da", "--good": "#1a7f37",
    "--bad": "#cf222e", "--amber": "#9a6700", "--violet": "#8250df",
}  # fmt: skip
DARK = {
    "--page": "#0d1117", "--panel": "#151b23", "--edge": "#3d444d", "--grid": "#232a33",
    "--ink": "#f0f6fc", "--faint": "#9198a1", "--line": "#58a6ff", "--good": "#3fb950",
    "--bad": "#ff7b72", "--amber": "#d29922", "--violet": "#bc8cff",
}  # fmt: skip
# Colours that differ in hue and in lightness, for what has no order: the terms of a cost.
TERMS = {
    "--t0": ("#0969da", "#58a6ff"), "--t1": ("#bf8700", "#e3b341"), "--t2": ("#1b7c83", "#39c5cf"),
    "--t3": ("#bf3989", "#f778ba"), "--t4": ("#57606a", "#8b949e"), "--t5": ("#953800", "#ffa657"),
    "--t6": ("#6639ba", "#d2a8ff"), "--t7": ("#4d7c0f", "#a5d66f"),
}  # fmt: skip
_FIRST_HUE, _LAST_HUE = 285.0, 22.0  # of the base and the tip in [deg]

_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans",sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1500px;margin:0 auto;padding:24px clamp(14px,3vw,40px) 60px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em}
h2{font-size:18px;margin:40px 0 10px;padding-top:14px;border-top:1px solid var(--edge)}
h3{font-size:14px;margin:0;display:inline}
h3 small,.note,.sub{color:var(--faint);font-weight:400}
.sub{margin:0 0 6px}.note{font-size:13px;margin:0;display:inline}
code{font:13px/1.45 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;
background:var(--panel);border-radius:5px;padding:1px 5px;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(148px,1fr));gap:10px;
margin:18px 0 6px;padding:0;list-style:none}
.figures li{background:var(--panel);border:1px solid var(--edge);border-radius:8px;
padding:10px 13px 9px}
.figures b{display:block;font-size:22px;line-height:1.25;font-weight:600;letter-spacing:-.01em}
.figures b small{font-size:14px;font-weight:400;color:var(--faint)}
.figures span{display:block;color:var(--faint);font-size:13px;line-height:1.35}
.figures .good b{color:var(--good)}.figures .bad b{color:var(--bad)}
.warning{border-left:4px solid var(--amber);background:var(--panel);padding:8px 14px;
margin:12px 0;border-radius:0 6px 6px 0}
.bar{position:sticky;top:0;z-index:3;background:var(--page);display:flex;flex-wrap:wrap;
gap:4px 14px;align-items:center;padding:7px 0;border-bottom:1px solid var(--edge);
font-size:13px;color:var(--faint)}
.bar output{color:var(--ink);font-weight:600;margin-left:auto;min-height:1.5em}
button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--edge);
border-radius:6px;padding:2px 10px;cursor:pointer}
button:hover{border-color:var(--faint)}
button:focus-visible,input:focus-visible,tr:focus-visible{outline:2px solid var(--line)}
.split{display:block}
.plot{margin:0 0 16px}
figcaption{padding:0 0 8px}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:0 14px;margin:0;padding:0;
font-size:12.5px;color:var(--faint)}
.legend li::before{content:"";display:inline-block;width:14px;height:3px;margin:0 5px 3px 0;
background:var(--c);border-radius:2px}
.legend li.dots::before{width:6px;height:6px;border-radius:50%;margin-bottom:1px}
.legend li.area::before{width:10px;height:10px;margin-bottom:-1px}
.legend li{cursor:default}
.box .dim{opacity:.12}
.legend b{color:var(--ink);font-weight:600;margin-left:5px}
.axes{display:flex}
.axes>.y{flex:0 0 58px;position:relative;font-size:12px;color:var(--faint)}
.axes>.y span{position:absolute;right:7px;transform:translateY(-50%);white-space:nowrap}
.axes>.box{flex:1;position:relative;margin-right:58px;min-width:0}
.lanes span{position:absolute;left:0;transform:translateY(-120%);font-size:12px;line-height:1.2;
color:var(--faint);pointer-events:none;z-index:1}
.box svg{position:absolute;inset:0;width:100%;height:100%;overflow:hidden;
touch-action:pan-y;cursor:crosshair}
.box path{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.box .line{stroke-width:1.4}.box .bars{stroke-width:7}
.box .dots{stroke-width:2.6;stroke-linecap:round}
.box .ticks{stroke-width:5;stroke-linecap:round}
.box .area{stroke:none;opacity:.85}
.box .grid{stroke:var(--grid);stroke-width:1}
.box .mark{stroke-width:1.1;stroke-dasharray:5 4}
.box .instant{stroke:var(--faint);stroke-width:1;stroke-dasharray:1 3}
.box .shade{opacity:.09}
.box i{position:absolute;left:100%;transform:translateY(-50%);padding-left:6px;font-style:normal;
font-size:12px;white-space:nowrap}
.cursor{position:absolute;top:0;bottom:0;width:1px;background:var(--ink);opacity:.55;
pointer-events:none;display:none}
.chosen{position:absolute;top:0;bottom:0;background:var(--line);opacity:.15;pointer-events:none;
display:none}
.words{height:18px;font-size:12px;color:var(--faint)}
.words .box{overflow:hidden}
.words span{position:absolute;white-space:nowrap;padding-left:3px}
.time{height:36px;font-size:12px;color:var(--faint);margin-top:-10px}
.time span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.time em{position:absolute;top:17px;left:0;right:0;text-align:center;font-style:normal}
.film{margin:10px 0 18px;max-width:560px;background:var(--panel);overflow:hidden;
border:1px solid var(--edge);border-radius:8px}
.film img{display:block;width:100%;max-height:420px;object-fit:contain;background:#fff}
.film div{display:flex;gap:10px;align-items:center;padding:7px 10px;font-size:13px}
.film input{flex:1;min-width:0;accent-color:var(--line)}
.film output{min-width:5.5em;text-align:right}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:14px;min-width:50%}
th{font-weight:600;text-align:left;color:var(--faint);font-size:13px}
th,td{padding:4px 18px 4px 0;border-bottom:1px solid var(--grid);vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}
td.bad{color:var(--bad);font-weight:600}td.good{color:var(--good)}
tr[data-view]{cursor:pointer}tr[data-view]:hover{background:var(--panel)}
details summary{cursor:pointer;color:var(--faint);margin:6px 0}
.shots img{max-width:100%;height:auto;border-radius:8px;background:#fff}
footer{margin-top:40px;color:var(--faint);font-size:13px}
@media (min-width:900px){.figures{grid-template-columns:repeat(5,1fr)}}
@media (min-width:960px){.split.two{display:grid;grid-template-columns:minmax(230px,27%) 1fr;
gap:28px;align-items:start}.split.two .film{position:sticky;top:50px}}
@media (max-width:640px){body{font-size:14px}h1{font-size:22px}
.axes>.y{flex-basis:44px}.axes>.box{margin-right:46px}.figures{grid-template-columns:1fr 1fr}
.hint{display:none}}
@page{margin:14mm}
@media print{.bar,.film div{display:none}main{max-width:none;padding:0}body{font-size:11pt}
.plot,.film,.figures li,tr{break-inside:avoid}h2{break-after:avoid}
.film{max-width:9cm}details:not([open])>*{display:revert}}
"""


def style(joint_colors: tuple[list[str], list[str]]) -> str:
    """Return the style sheet.

    Args:
        joint_colors: of the joints from base to tip, on a light page and on a dark one.
    """
    light, dark = dict(LIGHT), dict(DARK)
    for name, (bright, dim) in TERMS.items():
        light[name], dark[name] = bright, dim
    for colors, found in ((light, joint_colors[0]), (dark, joint_colors[1])):
        colors.update({f"--j{k}": color for k, color in enumerate(found)})
    # On paper it is always light.
    return (
        f":root{{color-scheme:light dark;{_variables(light)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not(.light){{{_variables(dark)}}}}}"
        f"@media screen{{:root.dark{{color-scheme:dark;{_variables(dark)}}}}}"
        f":root.light{{color-scheme:light}}{_RULES}"
    )


def joint_colors(count: int) -> tuple[list[str], list[str]]:
    """Return colours from base to tip for a light and a dark page, as "#rrggbb".

    Hues go from violet over blue and green to orange: a joint's place in the chain can be seen,
    and neighbours can be told apart.
    """
    hues = np.linspace(_FIRST_HUE, _LAST_HUE, max(count, 2))[:count].tolist()
    return [_hex(hue, 0.37) for hue in hues], [_hex(hue, 0.67) for hue in hues]


def _hex(hue: float, lightness: float) -> str:
    # Yellow and green look lighter than blue and violet of the same number.
    lightness *= 1.0 - 0.18 * float(np.exp(-(((hue - 80.0) / 50.0) ** 2)))
    red, green, blue = hls_to_rgb(hue / 360.0, lightness, 0.78)
    return f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}"


def _variables(colors: dict[str, str]) -> str:
    return "".join(f"{name}:{value};" for name, value in colors.items())
