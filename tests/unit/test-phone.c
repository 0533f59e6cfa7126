/* test-phone.c - where numbers stand in a line, what their labels say, and numbering plans. */
#include <string.h>

#include "mail/phone.h"
#include "mail/phone_scan.h"

static void
test_scan(void)
{
	static const struct {
		const char *line, *number, *extension; /* number NULL: none */
		enum phone_label label;
	} wanted[] = {
		{ "Tel.: +40 21 311 22 33", "+40 21 311 22 33", "", LABEL_PHONE },
		{ "Phone No: 021 311 22 33", "021 311 22 33", "", LABEL_PHONE },
		{ "M: (555) 555-0142", "(555) 555-0142", "", LABEL_MOBILE },
		{ "555.555.0142 cell", "555.555.0142", "", LABEL_MOBILE },
		{ "555.555.0142 (fax)", "555.555.0142", "", LABEL_FAX },
		{ "Fax:      555-555-0142", "555-555-0142", "", LABEL_FAX },
		{ "Tel/Fax: 021 311 22 33", "021 311 22 33", "", LABEL_PHONE },
		{ "T 555-555-0142 ext. 104", "555-555-0142", "104", LABEL_PHONE },
		{ "T 555-555-0142 x104", "555-555-0142", "104", LABEL_PHONE },
		{ "тел. +7 (495) 123-45-67 доб. 12", "+7 (495) 123-45-67", "12", LABEL_PHONE },
		{ "моб. 8 903 123 45 67", "8 903 123 45 67", "", LABEL_MOBILE },
		{ "电话：＋86 10 6552 9988 转 12", "+86 10 6552 9988", "12", LABEL_PHONE },
		{ "手机13800138000", "13800138000", "", LABEL_MOBILE },
		{ "Main: 555-555-0142", "555-555-0142", "", LABEL_SWITCHBOARD },
		{ "Toll-free: 800-555-0142", "800-555-0142", "", LABEL_TOLL_FREE },
		{ "Assistant: 555-555-0142", "555-555-0142", "", LABEL_OTHER_PERSON },
		{ "VAT 555 555 0142", "555 555 0142", "", LABEL_NO_PHONE },
		{ "(503.555.0142)", "503.555.0142", "", LABEL_NONE },
		{ "+44\xc2\xa0"
		  "20 7946 0958",
		  "+44 20 7946 0958", "", LABEL_NONE },
		{ "2026-11-21", NULL, NULL, LABEL_NONE },
		{ "21.11.2026", NULL, NULL, LABEL_NONE },
		{ "192.168.100.17", NULL, NULL, LABEL_NONE },
		{ "$1 200 000", NULL, NULL, LABEL_NONE },
		{ "1 200 000 EUR", NULL, NULL, LABEL_NONE },
		{ "DE123456789", NULL, NULL, LABEL_NONE },
		{ "#1234567", NULL, NULL, LABEL_NONE },
		{ "IL 62704-1234", NULL, NULL, LABEL_NONE },
		{ "123456", NULL, NULL, LABEL_NONE },
		{ "12345678901234567890", NULL, NULL, LABEL_NONE },
		{ "", NULL, NULL, LABEL_NONE },
		{ "((((((", NULL, NULL, LABEL_NONE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		struct phone_candidate found[2];
		guint n = phone_scan(wanted[i].line, strlen(wanted[i].line), found, 2);

		g_test_message("%s", wanted[i].line);
		g_assert_cmpuint(n, ==, wanted[i].number != NULL);
		if (n == 0)
			continue;
		g_assert_cmpstr(found[0].number, ==, wanted[i].number);
		g_assert_cmpstr(found[0].extension, ==, wanted[i].extension);
		g_assert_cmpint(found[0].label, ==, wanted[i].label);
	}
}

static void
test_scan_several(void)
{
	static const char line[] = "T: 021 311 22 33 / +40 722 123 456, F: 021 311 22 34";
	struct phone_candidate found[8];

	g_assert_cmpuint(phone_scan(line, strlen(line), found, 8), ==, 3);
	g_assert_cmpstr(found[0].number, ==, "021 311 22 33");
	g_assert_cmpstr(found[1].number, ==, "+40 722 123 456");
	g_assert_cmpint(found[2].label, ==, LABEL_FAX);
	g_assert_cmpuint(phone_scan(line, strlen(line), found, 1), ==, 1);
	g_assert_true(phone_scan_worthwhile(line, strlen(line)));
	g_assert_false(phone_scan_worthwhile("room 12, 3rd floor", 18));
}

static void
test_read(void)
{
	static const struct {
		const char *number, *region, *e164, *found, *kind; /* e164 NULL: not valid */
	} wanted[] = {
		{ "+40 21 311 22 33", NULL, "+40213112233", "RO", "fixed" },
		{ "021 311 22 33", "RO", "+40213112233", "RO", "fixed" },
		{ "0722 123 456", "RO", "+40722123456", "RO", "mobile" },
		{ "+44 (0)20 7946 0958", NULL, "+442079460958", "GB", "fixed" },
		{ "+7 903 123-45-67", NULL, "+79031234567", "RU", "mobile" },
		{ "13800138000", "CN", "+8613800138000", "CN", "mobile" },
		{ "+1 800 555 0142", NULL, "+18005550142", "", "toll_free" },
		{ "713-555-0142", "US", "+17135550142", "US", "fixed_or_mobile" },
		{ "021 311 22 33", NULL, NULL, NULL, NULL },
		{ "021 311 22 33", "ZZ", NULL, NULL, NULL },
		{ "+1 555 777 8888", NULL, NULL, NULL, NULL },
		{ "", "RO", NULL, NULL, NULL },
		{ "+", NULL, NULL, NULL, NULL },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		struct phone_number number = { .kind = "untouched" };
		gboolean valid = phone_read(wanted[i].number, wanted[i].region, &number);

		g_test_message("%s", wanted[i].number);
		g_assert_cmpint(valid, ==, wanted[i].e164 != NULL);
		if (!valid) {
			g_assert_cmpstr(number.kind, ==, "untouched");
			continue;
		}
		g_assert_cmpstr(number.e164, ==, wanted[i].e164);
		if (*wanted[i].found)
			g_assert_cmpstr(number.region, ==, wanted[i].found);
		g_assert_cmpstr(number.kind, ==, wanted[i].kind);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/phone/scan", test_scan);
	g_test_add_func("/phone/scan/several", test_scan_several);
	g_test_add_func("/phone/read", test_read);
	return g_test_run();
}
