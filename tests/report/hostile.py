"""Texts that try to be more than text, and a run that has one of them in every field that holds text."""

from __future__ import annotations

from dataclasses import replace

from onbrief.attempt import Attempt, Finding, Image, Problem, Verdict
from onbrief.brief import Brief, Checklist, Requirement
from onbrief.record import Models, Prompt, Run, Usage
from tests.report.samples import Pictured, paint

_DO = "document.title='ran';window.ran=1"

MARKUP = (
    f"<script>{_DO}</script>",
    f"</script><script>{_DO}</script>",
    f"<ScRiPt/x>{_DO}</sCrIpT >",
    f"<img src=x onerror={_DO}>",
    f"<img src='x' onerror=\"{_DO}\">",
    f"\"><img src=x onerror={_DO}>",
    f"'><img src=x onerror={_DO}>",
    f"\" onmouseover=\"{_DO}",
    f"' onfocus='{_DO}' autofocus='",
    f"x onload={_DO}",
    f"<svg onload={_DO}>",
    f"<svg><animate onbegin={_DO} attributeName=x dur=1s>",
    f"<svg><style><img src=x onerror={_DO}></style></svg>",
    f"<math><mtext><script>{_DO}</script></mtext></math>",
    f"<body onload={_DO}>",
    f"<details open ontoggle={_DO}>x</details>",
    f"<iframe srcdoc=\"<script>{_DO}</script>\">",
    f"<object data=\"data:text/html,<script>{_DO}</script>\">",
    "<iframe src=https://example.invalid/></iframe>",
    "<link rel=stylesheet href=//example.invalid/x.css>",
    "<meta http-equiv=refresh content='0;url=//example.invalid'>",
    "<base href=//example.invalid/>",
    "<form action=//example.invalid><button>send</button></form>",
    "<style>*{display:none}</style>",
    "</style><h1>mine</h1>",
    "</title><h1>mine</h1>",
    "</bdi></p></li></ul></main><h1>mine</h1>",
    "</textarea><plaintext>",
    "<plaintext>",
    "<xmp><h1>mine</h1></xmp>",
    "<!-- never closed",
    "--><h1>mine</h1><!--",
    "<![CDATA[<h1>mine</h1>]]>",
    "<?php echo 1 ?>",
    "<!doctype html><html><body>",
    f"<a href=\"javascript:{_DO}\">click</a>",
    f"javascript:{_DO}",
    f"data:text/html,<script>{_DO}</script>",
    f"[click](javascript:{_DO})",
    "{{ 7 * 7 }}{% raw %}{{ run.__class__.__mro__ }}",
    "{# {{ cycler.__init__.__globals__ }} #}",
    "${7*7} #{7*7} <%= 7*7 %>",
    "&lt;script&gt;1&lt;/script&gt;",
    "&#x3c;script&#x3e;1&#x3c;/script&#x3e;",
    "&amp;amp;&nbsp;&copy &",
    f"\\u003cscript\\u003e{_DO}\\u003c/script\\u003e",
    f"\uff1cscript\uff1e{_DO}\uff1c/script\uff1e",
    f"+ADw-script+AD4-{_DO}+ADw-/script+AD4-",
    f"<\x00script>{_DO}</script>",
    f"<scr\u200bipt>{_DO}</scr\u200bipt>",
    f"<img\x0csrc=x\x0conerror={_DO}>",
    f"`><img src=x onerror={_DO}>`",
    "../../../../etc/passwd",
    "; rm -rf ~ #",
    "$(touch ran) `touch ran` \n touch ran",
)  # fmt: skip

MISCHIEF = (
    "\u202e\u2067gnp.tpircs\u2066 and so on to the left",
    "\u200f\u061cright-to-left \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "Z" + "\u0301\u0316\u0489" * 200 + "algo",
    "\x1b[2J\x1b[31mred\x07\x08\x7f\x85\x9b",
    "whole: \ufffe \uffff \U0010ffff",
    "\ufdd0\ufeff\u2028line\u2029paragraph",
    "\u3000\u00a0 wide \u2003 spaces",
    "\N{FAMILY}\u200d\N{MAN}\u200d\N{GIRL}" * 40,
    "\ufdfd" * 60,
    "W" * 10_000,
    "word " * 2_000,
    "<b>" * 3_333,
    "\"'" * 5_000,
    "\u6e56" * 10_000,
)

PAYLOADS = MARKUP + MISCHIEF


def run_of(payload: str) -> Pictured:
    """A run of two prompts whose every text is the payload, as far as the words of the product allow it."""
    text = f"a {payload}"[:10_000]
    short = f"a {payload}".encode(errors="replace").decode()[:500]
    brief = Brief(text=text, avoid=(text[:480],), size=(256, 256))
    requirements = (
        Requirement(id="r1", text=short),
        Requirement(id="r2", text=f"b {short}"[:500]),
        Requirement(id="r3", text=f"c {short}"[:500], must=False),
    )
    data = paint(3, (96, 96))
    image = Image(f"{text}/{text} ", text, text, text, 96, 96, len(data))
    findings = (
        Finding("r1", "unmet", 0.1, text),
        Finding("r2", "borderline", 0.5, text),
        Finding("r3", "undecided", 0.5, text),
    )
    verdict = Verdict(passed=True, findings=findings, reservations=("r2",))  # no real one, so that all of it is shown
    run = Run(
        run_id=text,
        outcome="unmet",
        reason=text,
        seed=-1,
        brief=brief,
        checklist=Checklist(requirements),
        prompts=(Prompt(0, text, text, text), Prompt(1, text, text, text)),
        attempts=(
            Attempt(0, 0, 1, image=image, verdict=verdict),
            Attempt(0, 1, 2, image=replace(image, key=f"{text} ")),
            Attempt(0, 2, 3, image=replace(image, key=f"{text} "), problem=Problem("blank", text)),
            Attempt(1, 0, 4, problem=Problem("blocked", text)),
        ),
        usage=Usage(usd=None, unknown_calls=1, seconds=float("nan")),
        models=Models(text, text, text),
        warnings=(text, text),
        started=text,
        ended=text,
    )
    return run, {image.key: data}
