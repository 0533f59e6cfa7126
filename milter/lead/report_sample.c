/* report_sample.c - see report_sample.h. */
#include "lead/report_sample.h"

#include <math.h>
#include <string.h>

#define HALF 7 /* 2^7 classes to each power of two */
#define ROOM_LEAST 16
#define SORT_SIMPLY 256 /* values that are not worth four passes */

void
report_sample_clear(struct report_sample *sample)
{
	g_free(sample->values);
	g_free(sample->classes);
	memset(sample, 0, sizeof *sample);
}

/* --- classes --- */

static guint
class_of(guint32 value)
{
	guint shift = value < 2U << HALF ? 0 : 31 - __builtin_clz(value) - HALF;

	return (shift << HALF) + (value >> shift);
}

/* The middle of a class. */
static double
value_of(guint class)
{
	guint shift = class < 2U << HALF ? 0 : (class >> HALF) - 1;
	double low = (double)((guint64)(class - (shift << HALF)) << shift);

	return low + ((double)(1ULL << shift) - 1) / 2;
}

static void
use_classes(struct report_sample *sample, struct report_budget *budget)
{
	sample->classes = g_new0(guint32, REPORT_SAMPLE_CLASSES);
	for (guint i = 0; i < sample->count; i++)
		sample->classes[class_of(sample->values[i])]++;
	g_clear_pointer(&sample->values, g_free);
	sample->room = 0;
	budget->left += sample->count;
	budget->is_spent = TRUE;
}

/* --- adding --- */

void
report_sample_add(struct report_sample *sample, guint32 value, struct report_budget *budget)
{
	if (sample->classes == NULL && budget != NULL && budget->left == 0 &&
	    sample->count >= REPORT_SAMPLE_CLASSES)
		use_classes(sample, budget);
	if (sample->classes != NULL) {
		sample->classes[class_of(value)]++;
		sample->count++;
		return;
	}
	if (sample->count == sample->room) {
		sample->room = MAX(2 * sample->room, ROOM_LEAST);
		sample->values = g_renew(guint32, sample->values, sample->room);
	}
	sample->values[sample->count++] = value;
	sample->is_sorted = FALSE;
	if (budget != NULL && budget->left > 0)
		budget->left--;
}

void
report_sample_merge(struct report_sample *sample, const struct report_sample *other,
		    struct report_budget *budget)
{
	if (other->classes == NULL) {
		for (guint i = 0; i < other->count; i++)
			report_sample_add(sample, other->values[i], budget);
		return;
	}
	if (sample->classes == NULL)
		use_classes(sample, budget);
	for (guint i = 0; i < REPORT_SAMPLE_CLASSES; i++)
		sample->classes[i] += other->classes[i];
	sample->count += other->count;
}

/* --- percentiles --- */

static int
compare(const void *one, const void *other)
{
	guint32 a = *(const guint32 *)one, b = *(const guint32 *)other;

	return a < b ? -1 : a > b;
}

/* By one byte of them, in the order they have. */
static void
sort_by_byte(const guint32 *from, guint32 *to, guint count, guint shift)
{
	guint starts[256] = { 0 }, sum = 0;

	for (guint i = 0; i < count; i++)
		starts[from[i] >> shift & 255]++;
	for (guint i = 0; i < 256; i++) {
		guint here = starts[i];

		starts[i] = sum;
		sum += here;
	}
	for (guint i = 0; i < count; i++)
		to[starts[from[i] >> shift & 255]++] = from[i];
}

/* Time linear in their number, whatever they are. */
static void
sort(struct report_sample *sample)
{
	g_autofree guint32 *other = NULL;

	if (sample->is_sorted)
		return;
	sample->is_sorted = TRUE;
	if (sample->count < SORT_SIMPLY) {
		if (sample->count > 0)
			qsort(sample->values, sample->count, sizeof *sample->values, compare);
		return;
	}
	other = g_new(guint32, sample->count);
	for (guint shift = 0; shift < 32; shift += 16) {
		sort_by_byte(sample->values, other, sample->count, shift);
		sort_by_byte(other, sample->values, sample->count, shift + 8);
	}
}

static double
nth(struct report_sample *sample, guint n)
{
	guint class = 0;

	if (sample->classes == NULL) {
		sort(sample);
		return sample->values[n];
	}
	while (n >= sample->classes[class])
		n -= sample->classes[class ++];
	return value_of(class);
}

double
report_sample_percentile(struct report_sample *sample, double share)
{
	double place, low, high;

	if (sample->count == 0)
		return 0;
	place = share * (sample->count - 1);
	low = nth(sample, (guint)floor(place));
	high = nth(sample, (guint)ceil(place));
	return low + (high - low) * (place - floor(place));
}
