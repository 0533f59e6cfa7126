/* postgres_sql_token.c - SQL texts token by token; see postgres_sql_private.h. */
#include "store/postgres_sql_private.h"

#include <string.h>

gboolean
postgres_sql_is_word(char c)
{
	return g_ascii_isalnum(c) || c == '_';
}

static gsize
quoted_length(const char *at)
{
	const char *end = strchr(at + 1, *at);

	return end ? (gsize)(end + 1 - at) : strlen(at);
}

gsize
postgres_sql_token_length(const char *at)
{
	gsize length = 1;

	if (*at == '\'' || *at == '"')
		return quoted_length(at);
	if (*at == '?' && g_ascii_isdigit(at[1]))
		while (g_ascii_isdigit(at[length]))
			length++;
	else if (postgres_sql_is_word(*at))
		while (postgres_sql_is_word(at[length]))
			length++;
	else if (g_ascii_isspace(*at))
		while (g_ascii_isspace(at[length]))
			length++;
	return length;
}

const char *
postgres_sql_skip_space(const char *at)
{
	while (g_ascii_isspace(*at))
		at++;
	return at;
}

const char *
postgres_sql_after_words(const char *at, const char *words)
{
	at = postgres_sql_skip_space(at);
	for (; *words; words++) {
		if (*words == ' ') {
			if (!g_ascii_isspace(*at))
				return NULL;
			at = postgres_sql_skip_space(at);
		} else if (*at++ != *words)
			return NULL;
	}
	return postgres_sql_is_word(at[-1]) && postgres_sql_is_word(*at) ? NULL : at;
}

const char *
postgres_sql_matching(const char *at, guint *ret_commas)
{
	guint depth = 0, commas = 0;

	for (; *at; at += postgres_sql_token_length(at)) {
		depth += *at == '(';
		commas += *at == ',' && depth == 1;
		if (*at == ')' && --depth == 0)
			break;
	}
	*ret_commas = commas;
	return at;
}
