/* test-html.c - HTML to text: what is shown, how lines fall, what is marked; hostile input. */
#include <string.h>

#include "base/limits.h"
#include "mail/html.h"
#include "cpu_time.h"

struct want {
	const char *html, *text;
};

static const struct want wanted[] = {
	{ "", "" },
	{ "plain", "plain\n" },
	{ "a < b & c", "a < b & c\n" },
	{ "one <b>two</b>\n  three", "one two three\n" },
	{ "<p>one</p><p>two</p>", "one\n\ntwo\n" },
	{ "<div>one</div><div>two</div>", "one\ntwo\n" },
	{ "<div>one</div><div><br></div><div>two</div>", "one\n\ntwo\n" },
	{ "one<br>two<br><br>three", "one\ntwo\n\nthree\n" },
	{ "<p class=MsoNormal>one</p><p class=MsoNormal>two</p>", "one\ntwo\n" },
	{ "<ul><li>one</li><li>two</li></ul>", "one\ntwo\n" },
	{ "<ol><li>one<li>two</ol>end", "one\ntwo\n\nend\n" },
	{ "<table><tr><td>Name</td><td>Ana</td></tr><tr><td>City</td><td>Bonn</td></tr></table>",
	  "Name\tAna\nCity\tBonn\n" },
	{ "<table><tr><th>a<th>b<tr><td>c<td>d</table>", "a\tb\nc\td\n" },
	{ "<pre>  two\n    four</pre>", "  two\n    four\n" },
	{ "<a href=\"https://a.example/?b=1\">here</a>", "here\n" },
	{ "&lt;a@b.example&gt; &amp; &eacute;&#8364;&#x20AC;", "<a@b.example> & é€€\n" },
	{ "one&nbsp;two &nbsp; three", "one two   three\n" },
	{ "<p>&nbsp;</p><p>x</p>", "x\n" },
	{ "zero\xe2\x80\x8bwidth soft\xc2\xadhyphen", "zerowidth softhyphen\n" },
	/* hidden */
	{ "<head><title>T</title><style>p{}</style></head>x", "x\n" },
	{ "<script>if (a < b) alert('x')</script>x", "x\n" },
	{ "<!-- no --><!--[if mso]><p>no</p><![endif]-->x", "x\n" },
	{ "<![if !mso]><p>yes</p><![endif]>", "yes\n" },
	{ "<div style=\"display:none\">no</div>x", "x\n" },
	{ "<div style='color:red; DISPLAY : none !important'>no<p>no</p></div>x", "x\n" },
	{ "<span style=\"mso-hide:all;font-size:0\">no</span>x", "x\n" },
	{ "<span style=\"visibility:hidden\">no</span>x", "x\n" },
	{ "<span hidden>no</span>x", "x\n" },
	{ "<template>no</template><noscript>no</noscript>x", "x\n" },
	{ "<xml><w:View>no</w:View></xml>x", "x\n" },
	{ "<select><option>no</select>x", "x\n" },
	/* broken */
	{ "<div>one<p>two<b>three", "one\n\ntwothree\n" },
	{ "</div></p></b>one", "one\n" },
	{ "one</body></html><p>appended</p>", "one\n\nappended\n" },
	{ "<html><body>one</body></html>two<html><body>three", "onetwothree\n" },
	{ "<div>one</div><div>two</div>text", "one\ntwo\ntext\n" },
	{ "one <a href=\"x", "one <a href=\"x\n" },
	{ "one <", "one <\n" },
	{ "one <!-- two", "one two\n" },
	{ "<meta http-equiv=content-type content='text/html; charset=iso-8859-1'>é", "é\n" },
	{ "<o:p>one</o:p>", "one\n" },
	{ "<p>one<o:p></o:p></p>", "one\n" },
	{ "<b\n>one</b\n>", "one\n" },
	{ "<IMG alt=no src=x>one<HR>two", "one\ntwo\n" },
};

static void
test_text(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		g_autoptr(html_text_owned) got =
			html_to_text(wanted[i].html, strlen(wanted[i].html));

		if (strcmp(got->text, wanted[i].text) != 0) {
			g_test_message("%s: \"%s\", not \"%s\"", wanted[i].html, got->text,
				       wanted[i].text);
			g_test_fail();
		}
	}
}

/* One letter a line: N none, Q quote, S signature, H header, and the depth when it is not 0. */
static char *
marks_of(const struct html_text *text)
{
	GString *marks = g_string_new(NULL);

	for (guint i = 0; i < text->lines->len; i++) {
		const struct html_line *line = &g_array_index(text->lines, struct html_line, i);

		g_string_append_c(marks, "NQSH"[line->mark]);
		if (line->quote_depth > 0)
			g_string_append_printf(marks, "%u", line->quote_depth);
	}
	return g_string_free(marks, FALSE);
}

static const struct want marked[] = {
	{ "a", "N" },
	{ "a<blockquote>b</blockquote>c", "NN1N" },
	{ "a<blockquote type=cite>b<blockquote type=CITE>c</blockquote></blockquote>d", "NQ1Q2N" },
	{ "<blockquote style=\"border-left:1px solid #ccc\">b</blockquote>", "Q1" },
	{ "<blockquote style=\"margin:0 0 0 40px;border:none\">b</blockquote>", "N1" },
	{ "<blockquote style=\"border-left:none\">b</blockquote>", "N1" },
	{ "<blockquote class=gmail_quote>b</blockquote>", "N1" },
	{ "<div class=gmail_quote><blockquote class=gmail_quote>b</blockquote></div>", "Q1" },
	{ "<div class=\"gmail_quote gmail_quote_container\">a<blockquote>b</blockquote></div>",
	  "NQ1" },
	{ "a<div class='x yahoo_quoted'>b</div>", "NQ1" },
	{ "a<div id=yahoo_quoted_0815>b</div>", "NQ1" },
	{ "a<div class=moz-cite-prefix>b</div>c", "NQ1N" },
	{ "a<div name=quote>b</div>", "NQ1" },
	{ "a<div name=messageReplySection>b</div>", "NQ1" },
	{ "a<div id=Signature>b</div>", "NS" },
	{ "a<pre class=moz-signature>b</pre>", "NS" },
	{ "a<div data-smartmail=gmail_signature>b</div>", "NS" },
	{ "a<div data-signatureblock=true>b</div>", "NS" },
	{ "a<div id=divRplyFwdMsg>b<br>c</div>d", "NHHN" },
	{ "a<div style='border:none;border-top:solid #B5C4DF 1.0pt'>b</div>d", "NHN" },
	{ "a<div style='border-top:solid #ccc 1.0pt'>b</div>d", "NNN" },
	{ "a<hr id=stopSpelling>b<br>c", "NHN" },
	{ "a<a name=quote>b</a>", "N" },
};

static void
test_marks(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(marked); i++) {
		g_autoptr(html_text_owned) got =
			html_to_text(marked[i].html, strlen(marked[i].html));
		g_autofree char *marks = marks_of(got);

		if (strcmp(marks, marked[i].text) != 0) {
			g_test_message("%s: %s, not %s", marked[i].html, marks, marked[i].text);
			g_test_fail();
		}
	}
}

static void
check_lines(const struct html_text *text)
{
	gsize offset = 0, length = strlen(text->text);

	g_assert_true(g_utf8_validate(text->text, length, NULL));
	for (guint i = 0; i < text->lines->len; i++) {
		const struct html_line *line = &g_array_index(text->lines, struct html_line, i);
		const char *newline;

		g_assert_cmpuint(line->offset, ==, offset);
		newline = strchr(text->text + offset, '\n');
		g_assert_nonnull(newline);
		offset = newline + 1 - text->text;
	}
	if (text->lines->len > 0)
		g_assert_cmpuint(offset, ==, length);
}

static void
test_links(void)
{
	static const char html[] =
		"<a href='https://a.example/1'>one</a><a name=x>two</a><a href=''>three</a>"
		"<div style='display:none'><a href='https://a.example/2'>four</a></div>"
		"<blockquote type=cite><a href='https://a.example/3'>five</a></blockquote>"
		"<a href='mailto:b@a.example'>six</a>";
	g_autoptr(html_text_owned) got = html_to_text(html, sizeof html - 1);
	g_autoptr(GString) many = g_string_new(NULL);

	g_assert_cmpuint(got->links->len, ==, 2);
	g_assert_cmpstr(got->links->pdata[0], ==, "https://a.example/1");
	g_assert_cmpstr(got->links->pdata[1], ==, "mailto:b@a.example");
	for (guint i = 0; i < LIMIT_URLS * 3; i++)
		g_string_append(many, "<a href=x>y</a>");
	g_autoptr(html_text_owned) all = html_to_text(many->str, many->len);
	g_assert_cmpuint(all->links->len, ==, LIMIT_URLS);
}

static void
test_truncated(void)
{
	g_autoptr(GString) html = g_string_new(NULL);

	while (html->len < LIMIT_TEXT * 2)
		g_string_append(html, "<p>word</p>");
	g_autoptr(html_text_owned) got = html_to_text(html->str, html->len);
	g_assert_true(got->truncated);
	g_assert_cmpuint(strlen(got->text), <=, LIMIT_TEXT + 2);
	check_lines(got);
	g_autoptr(html_text_owned) small = html_to_text("x", 1);
	g_assert_false(small->truncated);
}

static char *
repeat(const char *piece, gsize bytes)
{
	GString *html = g_string_new(NULL);

	while (html->len < bytes)
		g_string_append(html, piece);
	g_string_append(html, ">last words");
	return g_string_free(html, FALSE);
}

static const char *const hostile[] = {
	"<div>",
	"<div></i>",
	"</i>",
	"<b><div></b>",
	"<p>x",
	"<table><tr><td>",
	"<ul><li>",
	"<",
	"<a ",
	"<a x=\"",
	"<a b c d e f",
	"<!--",
	"<!-- x -->y",
	"<!-- x --y",
	"<![CDATA[",
	"<?x ",
	"<!DOCTYPE ",
	"&",
	"&#x41;",
	"&amp",
	"<script>",
	"<style></",
	"<pre>\n",
	"<br>",
	"<select><option>",
	"<font></p>",
	"<blockquote type=cite>",
	"<div><p></div></p>",
	"<p style=\"a:b;a:b;a:b;a:b;a:b;a:b;a:b;a:b;a:b\">",
	"<p class=\"a b c d e f g h i j\">",
	"<textarea>",
	"<iframe>",
	"\xff\xfe",
	"\xc2",
	"<\xc2",
	"\xe2\x80\x8b",
	"<div id=Signature>",
};

static gint64
time_of(const char *html)
{
	gint64 best = G_MAXINT64;

	for (guint i = 0; i < 3; i++) {
		gint64 begin = cpu_time();
		g_autoptr(html_text_owned) got = html_to_text(html, strlen(html));

		best = MIN(best, cpu_time() - begin);
		check_lines(got);
	}
	return best;
}

/* Ten times the input may cost some ten times the time, never a hundred. */
static void
test_linear(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(hostile); i++) {
		g_autofree char *small = repeat(hostile[i], 20 * 1024);
		g_autofree char *large = repeat(hostile[i], 200 * 1024);
		gint64 first = time_of(small), second = time_of(large);

		if (second > 1000000 || second > (first + 1000) * 40) {
			g_test_message("%s: %" G_GINT64_FORMAT " then %" G_GINT64_FORMAT " us",
				       hostile[i], first, second);
			g_test_fail();
		}
	}
}

/* However deep it stands, text is not lost. */
static void
test_deep(void)
{
	static const char *const pieces[] = { "<div>", "<b>", "<table><tr><td>", "<font size=1>",
					      "<blockquote>" };

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autofree char *html = repeat(pieces[i], 60 * 1024);
		g_autoptr(html_text_owned) got = html_to_text(html, strlen(html));

		g_assert_nonnull(strstr(got->text, "last words"));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/html/text", test_text);
	g_test_add_func("/html/marks", test_marks);
	g_test_add_func("/html/links", test_links);
	g_test_add_func("/html/truncated", test_truncated);
	g_test_add_func("/html/deep", test_deep);
	g_test_add_func("/html/linear", test_linear);
	return g_test_run();
}
