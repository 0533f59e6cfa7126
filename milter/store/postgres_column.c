/*
 * postgres_column.c - columns of the PostgreSQL driver's rows, which come in binary format.
 *
 * What is shorter than its type says is 0: nothing is read behind a value, whatever the server
 * sent.
 */
#include <string.h>

#include "store/postgres_private.h"

gboolean
postgres_column_is_null(struct driver_statement *statement, int n)
{
	return !statement->result || n >= PQnfields(statement->result) ||
	       PQgetisnull(statement->result, statement->row, n);
}

/* The server's decimal numbers (sums, averages): digits in base 10000 (numeric_send). */
static double
numeric_value(const char *bytes, gsize size)
{
	gint16 head[4]; /* digits, weight, sign, scale */
	double value = 0;
	int weight;

	if (size < sizeof head)
		return 0;
	for (guint i = 0; i < 4; i++) {
		memcpy(&head[i], bytes + 2 * i, 2);
		head[i] = GINT16_FROM_BE(head[i]);
	}
	weight = head[1];
	head[0] = (gint16)MIN((gsize)MAX(head[0], 0), (size - sizeof head) / 2);
	for (int i = 0; i < head[0]; i++) {
		gint16 digit;

		memcpy(&digit, bytes + 8 + 2 * i, 2);
		value = value * 10000 + GINT16_FROM_BE(digit);
	}
	for (int i = head[0] - 1; i < weight; i++)
		value *= 10000;
	for (int i = weight + 1; i < head[0]; i++)
		value /= 10000;
	return head[2] ? -value : value;
}

static double
float_value(const char *bytes, gsize size)
{
	guint64 wide;
	guint32 narrow;
	double value;
	float small;

	if (size == sizeof narrow) {
		memcpy(&narrow, bytes, sizeof narrow);
		narrow = GUINT32_FROM_BE(narrow);
		memcpy(&small, &narrow, sizeof small);
		return small;
	}
	if (size != sizeof wide)
		return 0;
	memcpy(&wide, bytes, sizeof wide);
	wide = GUINT64_FROM_BE(wide);
	memcpy(&value, &wide, sizeof value);
	return value;
}

static gint64
integer_value(const char *bytes, int size)
{
	gint64 value = size > 0 && (bytes[0] & 0x80) ? -1 : 0;

	for (int i = 0; i < size; i++)
		value = (gint64)(((guint64)value << 8) | (guchar)bytes[i]);
	return value;
}

static gboolean
is_integer(Oid type)
{
	return type == TYPE_INT8 || type == TYPE_INT4 || type == TYPE_INT2 || type == TYPE_OID ||
	       type == TYPE_BOOL;
}

static gboolean
is_real(Oid type)
{
	return type == TYPE_FLOAT8 || type == TYPE_FLOAT4 || type == TYPE_NUMERIC;
}

static double
real_value(const PGresult *result, int row, int n)
{
	const char *bytes = PQgetvalue(result, row, n);
	gsize size = (gsize)PQgetlength(result, row, n);

	return PQftype(result, n) == TYPE_NUMERIC ? numeric_value(bytes, size)
						  : float_value(bytes, size);
}

/* As SQLite does it: what is too large is the largest, what is no number 0. */
static gint64
rounded(double value)
{
	if (value >= 9223372036854775808.0)
		return G_MAXINT64;
	if (value < -9223372036854775808.0)
		return G_MININT64;
	return value == value ? (gint64)value : 0;
}

gint64
postgres_column_integer(struct driver_statement *statement, int n)
{
	const PGresult *result = statement->result;
	Oid type = result ? PQftype(result, n) : TYPE_UNKNOWN;

	if (postgres_column_is_null(statement, n))
		return 0;
	if (is_integer(type))
		return integer_value(PQgetvalue(result, statement->row, n),
				     PQgetlength(result, statement->row, n));
	if (is_real(type))
		return rounded(real_value(result, statement->row, n));
	return g_ascii_strtoll(PQgetvalue(result, statement->row, n), NULL, 10);
}

double
postgres_column_real(struct driver_statement *statement, int n)
{
	if (postgres_column_is_null(statement, n))
		return 0;
	if (is_real(PQftype(statement->result, n)))
		return real_value(statement->result, statement->row, n);
	if (is_integer(PQftype(statement->result, n)))
		return (double)postgres_column_integer(statement, n);
	return g_ascii_strtod(PQgetvalue(statement->result, statement->row, n), NULL);
}

static const char *
keep_words(struct driver_statement *statement, char *words)
{
	g_ptr_array_add(statement->words, words);
	return words;
}

const char *
postgres_column_text(struct driver_statement *statement, int n)
{
	char words[G_ASCII_DTOSTR_BUF_SIZE];

	if (postgres_column_is_null(statement, n))
		return NULL;
	if (is_integer(PQftype(statement->result, n)))
		return keep_words(statement,
				  g_strdup_printf("%" G_GINT64_FORMAT,
						  postgres_column_integer(statement, n)));
	if (is_real(PQftype(statement->result, n)))
		return keep_words(statement,
				  g_strdup(g_ascii_dtostr(words, sizeof words,
							  postgres_column_real(statement, n))));
	return PQgetvalue(statement->result, statement->row, n);
}

const void *
postgres_column_blob(struct driver_statement *statement, int n, gsize *ret_size)
{
	*ret_size = 0;
	if (postgres_column_is_null(statement, n))
		return NULL;
	*ret_size = (gsize)PQgetlength(statement->result, statement->row, n);
	return PQgetvalue(statement->result, statement->row, n);
}
