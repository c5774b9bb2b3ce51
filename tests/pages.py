"""What holds of every page that saring makes: it asks nothing of a network, runs nothing, and can be read by all."""

from lxml import html as lxml_html

HOSTILE = (
    '<script>alert("x")</script> {{ 7 * 7 }} <img src=http://elsewhere.example/x onerror=alert(1)> </title> "\'&amp;'
)


def read_page(text):
    """The page's tree, once it was found to be sound."""
    tree = lxml_html.document_fromstring(text)
    assert text.startswith("<!doctype html>")
    assert "default-src 'none'" in tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert tree.xpath("//script | //link | //iframe | //object | //embed | //img | //form | //base") == []
    assert [
        name for name in tree.xpath("//@*") if name.attrname.startswith("on") or name.attrname in ("src", "srcset")
    ] == []
    ids = tree.xpath("//@id")
    assert len(set(ids)) == len(ids)
    links = tree.xpath("//@href")
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    assert "url(" not in text
    assert "@import" not in text
    assert (tree.get("lang"), len(tree.xpath("//h1")), len(tree.xpath("//main"))) == ("en", 1, 1)
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
