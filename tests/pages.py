"""What holds of every page that saring makes: it asks nothing of a network, runs nothing, and can be read by all."""

import base64
import hashlib

from lxml import html as lxml_html

HOSTILE = (
    '<script>alert("x")</script> {{ 7 * 7 }} <img src=http://elsewhere.example/x onerror=alert(1)> </title> "\'&amp;'
)


def sha256_of(script):
    """A script's checksum, as a policy names it."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def read_page(text, *, lang="en", scripts=0):
    """The page's tree, once it was found to be sound; addresses outside of it are for people to follow."""
    tree = lxml_html.document_fromstring(text)
    assert text.startswith("<!doctype html>")
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert "default-src 'none'" in policy
    hashes = [f"script-src 'sha256-{sha256_of(script.text)}'" for script in tree.xpath("//script")]
    assert len(hashes) == scripts == policy.count("script-src")
    assert all(one in policy for one in hashes)
    assert tree.xpath("//link | //iframe | //object | //embed | //img | //form | //base") == []
    assert [
        name for name in tree.xpath("//@*") if name.attrname.startswith("on") or name.attrname in ("src", "srcset")
    ] == []
    ids = tree.xpath("//@id")
    assert len(set(ids)) == len(ids)
    links = tree.xpath("//a")
    outside = [link for link in links if link.get("href").startswith(("http://", "https://"))]
    assert all(link.get("href")[0] == "#" and link.get("href")[1:] in ids for link in links if link not in outside)
    assert all(link.get("rel") == "noreferrer" for link in outside)
    assert "url(" not in text
    assert "@import" not in text
    assert (tree.get("lang"), len(tree.xpath("//h1")), len(tree.xpath("//main"))) == (lang, 1, 1)
    for table in tree.xpath("//table"):
        assert table.xpath("./caption")[0].text_content().strip()
        assert table.xpath("./thead/tr/th[not(@scope='col')]") == []
        assert table.xpath("./tbody/tr[count(./th[@scope='row']) != 1]") == []
        widths = {len(row) for row in table.xpath(".//tr")}
        assert len(widths) == 1
    for drawing in tree.xpath("//*[local-name()='svg']"):
        hidden = drawing.get("aria-hidden") == "true"
        named = {child.tag for child in drawing if child.text_content().strip()} >= {"title", "desc"}
        assert hidden or (drawing.get("role") == "img" and named)
    return tree


def rows_of(tree, caption):
    """The rows of the table of that caption, each a list of texts."""
    [table] = [table for table in tree.xpath(".//table") if table.xpath("./caption")[0].text_content() == caption]
    return [[" ".join(cell.text_content().split()) for cell in row] for row in table.xpath("./tbody/tr")]
