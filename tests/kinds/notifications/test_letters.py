"""What is left of a body in an e-mail, and how it reads as text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.kinds.notifications.letters import is_tangled, sanitised
from muster.kinds.notifications.plain import text_of


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<scr<script>ipt>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<p onclick='alert(1)'>x</p>",
        "<body onload=alert(1)>x",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\tscript:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<a href='vbscript:alert(1)'>x</a>",
        "<a href='//evil.example/alert'>x</a>",
        "<a href='/alert'>x</a>",
        "<iframe src='https://alert.example'></iframe>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<object data='https://alert.example'></object><embed src='https://alert.example'>",
        "<form action='https://alert.example'><input name=alert><button>alert</button></form>",
        "<select><option>alert</select><textarea>alert</textarea>",
        "<meta http-equiv=refresh content='0;url=https://alert.example'>",
        "<base href='https://alert.example/'>",
        "<link rel=stylesheet href='https://alert.example/x.css'>",
        "<style>p { background: url(https://alert.example) }</style>",
        "<svg><script>alert(1)</script></svg>",
        "<svg><style><img src=x onerror=alert(1)></style></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<p style='width: expression(alert(1))'>x</p>",
        "<p style='behavior: url(https://alert.example)'>x</p>",
        "<p style='-moz-binding: url(https://alert.example)'>x</p>",
        "<p style='background: url(http://alert.example)'>x</p>",
        "<p style='background: u\\72l(javascript:alert(1))'>x</p>",
        "<p style='background: url( \"javascript:alert(1)\")'>x</p>",
        "<p style='position: fixed; top: 0; left: alert'>x</p>",
        "<td background='http://alert.example'>x</td>",
        "<table background='javascript:alert(1)'><tr><td>x</table>",
        "<img src='http://alert.example/x.png'>",
        "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
        "<img srcset='https://alert.example/x.png 2x'>",
        "<video src='https://alert.example' autoplay></video>",
        "<!-- alert --><!--[if mso]><p>alert</p><![endif]-->",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    ],
)
def test_nothing_that_runs_asks_or_leads_away_is_left(html: str) -> None:
    left = sanitised(html)
    # What was inside an attribute may come out as plain text; it must not come out as an element or an attribute.
    assert not re.search(r"<[^>]*(?:alert|script|style=\"[^\"]|on\w+=)", left)
    assert not re.search(r"<(?:script|style|iframe|form|input|svg|math|meta|base|link|object)", left)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Hello <b>you</b>, <em>dear</em><br>Ann</p>",
        '<a href="https://example.com/?a=1&amp;b=2">x</a>',
        '<a href="mailto:ann@example.com">x</a>',
        '<img src="https://example.com/a.png" alt="Logo" width="20">',
        '<img src="cid:logo@mail">',
        '<p style="color:red;padding:4px 8px">x</p>',
        '<p style="background:url(https://example.com/a.png)">x</p>',
        '<table border="0" cellpadding="4" width="600"><tbody></tbody></table>',
        '<table><tbody><tr><td align="center" bgcolor="#ffffff" colspan="2">x</td></tr></tbody></table>',
        '<h1 id="top" dir="rtl" lang="ar">x</h1>',
        "<ul><li>one</li><li>two</li></ul>",
        '<font color="red" size="2">x</font>',
    ],
)
def test_what_letters_are_made_of_stays(html: str) -> None:
    assert sanitised(html) == html


@given(st.text(alphabet="<>/ab'\"=&;! pscrit:-", max_size=80))
def test_sanitising_once_more_changes_nothing(html: str) -> None:
    assert sanitised(sanitised(html)) == sanitised(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("  \n <div> </div>", ""),
        ("Hello\n   <b>you</b> .", "Hello you .\n"),
        ("<h1>News</h1><p>One.</p><p>Two.<br>Three.</p>", "News\n====\n\nOne.\n\nTwo.\nThree.\n"),
        ("<p>See <a href='https://example.com/x'>the page</a>.</p>", "See the page (https://example.com/x).\n"),
        ("<a href='https://example.com'>example.com</a>", "example.com\n"),
        ("<a href='mailto:a@b.co'>a@b.co</a> or <a href='tel:+1555'>call</a>", "a@b.co or call (tel:+1555)\n"),
        ("<a href='https://b.co'><img src='https://b.co/x.png' alt=''></a>", "https://b.co\n"),
        ("<ul><li>one<li>two<ol><li>a<li>b</ol></ul>", "- one\n- two\n  1. a\n  2. b\n"),
        ("<ol start=9><li><p>nine</p><li>ten</ol>", "9. nine\n\n10. ten\n"),
        ("<table><tr><th>Item<th>Price<tr><td>Tea<td>3 &euro;</table>", "Item | Price\nTea | 3 €\n"),
        ("<table><tr><td><p>left</p><td><p>right</p></table>", "left\n\nright\n"),
        ("<pre>  a\n   b</pre>", "  a\n   b\n"),
        ("a<hr>b", "a\n\n--------------------\n\nb\n"),
        ("<p>&nbsp;</p><p>x&nbsp;y</p>", "x y\n"),
        ("<img src='cid:x' alt='Logo'><img src='cid:y' alt='Seal'>", "Logo Seal\n"),
        ("a &lt;b&gt; &amp; c", "a <b> & c\n"),
    ],
)
def test_a_letter_reads_well_as_text(html: str, text: str) -> None:
    assert text_of(sanitised(html)) == text


@given(st.lists(st.sampled_from(["<p>", "</p>", "<ul>", "</ul>", "<li>", "<a href='https://x.co'>", "</a>", "<table>",
       "<td>", "</table>", "<pre>", "</pre>", "<h2>", "</h2>", "<br>", " word ", "\n"]), max_size=60))  # fmt: skip
def test_every_letter_reads_somehow(parts: list[str]) -> None:
    html = "".join(parts)
    text = text_of(sanitised(html))
    assert text.count("word") == html.count("word")
    assert not re.search(r"<\w", text)


@pytest.mark.parametrize("html", ["<div>" * 300, "<b>" * 40, "<div></b>" * 300, "<DIV class=x>" * 300])
def test_elements_without_end_are_tangled(html: str) -> None:
    assert is_tangled(html)


@pytest.mark.parametrize(
    "html", ["<p>x" * 5000, "<div>x</div>" * 5000, "<br>" * 5000, "<ul>" + "<li>x" * 5000 + "</ul>", "<b>x</b>" * 5000]
)
def test_a_long_letter_is_not_tangled(html: str) -> None:
    assert not is_tangled(html)
