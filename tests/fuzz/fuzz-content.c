/* fuzz-content.c - text through folding, phrases, figures, campaigns and attachment names. */
#include <stdint.h>
#include <string.h>

#include "mail/content.h"
#include "mail/fold.h"

static struct phrases *
load_phrases(void)
{
	static const char *const files[] = { "en", "ru", "zh" };
	struct phrases *phrases = phrases_new();
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path =
			g_strdup_printf(TEST_CONF "/lists/phrases/%s.phrases", files[i]);
		g_assert_true(phrases_add_file(phrases, path, NULL));
	}
	g_assert_true(phrases_compile(phrases, NULL));
	return phrases;
}

static void
check_fold(const char *text, gsize length)
{
	struct fold_text folded;
	fold_text(text, length, &folded);
	g_assert(g_utf8_validate(folded.bytes, folded.length, NULL));
	g_assert(folded.origin[folded.length] == length);
	for (gsize i = 1; i <= folded.length; i++)
		g_assert(folded.origin[i - 1] <= folded.origin[i]);
	fold_text_clear(&folded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct phrases *phrases;
	if (!phrases)
		phrases = load_phrases();
	if (size > 64 * 1024)
		return 0;
	g_autofree char *text = g_strndup((const char *)data, size);
	check_fold((const char *)data, size);
	struct mail_attachment attachment = { .filename = text, .type = text };
	g_autoptr(GPtrArray) list = g_ptr_array_new();
	g_ptr_array_add(list, &attachment);
	struct mail mail = { .attachments = list };
	g_autoptr(content_owned) content = content_find(phrases, &mail, text, NULL);
	for (guint i = 0; i < content->hits->len; i++) {
		const struct content_hit *hit = g_ptr_array_index(content->hits, i);
		g_assert(g_utf8_validate(hit->evidence, -1, NULL));
	}
	g_assert(!content->amount || g_utf8_validate(content->amount, -1, NULL));
	g_assert(!content->deadline || g_utf8_validate(content->deadline, -1, NULL));
	return 0;
}
