/*
 * attachment.h - of which kind an attachment is, by its name and type; contents are not opened.
 * Pure; any thread.
 */
#ifndef LEADMILTER_ATTACHMENT_H
#define LEADMILTER_ATTACHMENT_H

#include <glib.h>

/**
 * @param attachments struct mail_attachment *, or NULL
 * @return const char *, static, each kind once, in order of the attachments: "brief" (an RFP, a
 *         specification, a tender), "price_list", "cv", "contract", "invoice", "order", "calendar",
 *         "contact", "message", "executable", "archive", "presentation", "spreadsheet", "document",
 *         "image", "audio", "video", "other".  Images shown inline give none.  Caller unrefs.
 */
GPtrArray *attachment_kinds(const GPtrArray *attachments);

#endif
