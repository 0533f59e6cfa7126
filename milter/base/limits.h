/*
 * limits.h - every ceiling that keeps hostile or merely large input bounded.
 *
 * One list, so that an administrator's question "what is the most it can hold?" has
 * one answer.  Sizes are bytes unless the name says otherwise.  The reasons for the
 * mail ceilings are measured properties of GMime 3.2 (recursion on address groups,
 * memory per part): it is only ever given input within these bounds.
 */
#ifndef LEADMILTER_LIMITS_H
#define LEADMILTER_LIMITS_H

/* What one session may hold of a message. */
#define LIMIT_HEADER_VALUE (8 * 1024) /* one field's value; the rest is cut off */
#define LIMIT_HEADER_BLOCK (128 * 1024) /* all fields together; later fields are dropped */
#define LIMIT_HEADER_FIELDS 1000
#define LIMIT_BODY (256 * 1024) /* held of the body; SMFIS_SKIP after that */
#define LIMIT_RECIPIENTS 100 /* remembered per transaction */
#define LIMIT_ADDRESS 320 /* RFC 5321: 64 + 1 + 255 */
#define LIMIT_MACRO 1024
#define LIMIT_MILTER_PACKET (1 << 20) /* smfi_setmaxdatasize: Postfix sends 102,400 */

/* What the parser makes of it. */
#define LIMIT_PARTS 64
#define LIMIT_NESTING 8
#define LIMIT_TEXT (128 * 1024) /* UTF-8 text kept of all text parts together */
#define LIMIT_HTML_DEPTH 256 /* open elements followed */
#define LIMIT_HTML_TAG 2048 /* of one tag; a longer one loses its attributes */
#define LIMIT_ADDRESSES 100 /* per address field */
#define LIMIT_ADDRESS_NESTING 4 /* comments inside comments */
#define LIMIT_REFERENCES 32 /* the last ones are kept */
#define LIMIT_MESSAGE_ID 998
#define LIMIT_SUBJECT 998
#define LIMIT_ATTACHMENTS 64
#define LIMIT_FILENAME 255
#define LIMIT_DSN_RECIPIENTS 64
#define LIMIT_DATES 64 /* read from one text */
#define LIMIT_ABSENCE_NOTE 4096 /* of an absence note looked at */
#define LIMIT_LINES 8192 /* of text looked at for quotes and signatures */

/* What is read of a person. */
#define LIMIT_NAME 128
#define LIMIT_PHONES 8
#define LIMIT_URLS 16
#define LIMIT_FORM_FIELDS 64
#define LIMIT_FORM_VALUE 4096
#define LIMIT_FORM_LABEL 96

/* What is decided and told of a lead. */
#define LIMIT_DUPLICATES \
	20 /* possible duplicates of one lead; more mean the evidence is worth none */
#define LIMIT_EVENT_CONTRIBUTIONS 100 /* listed singly, the others as one sum */
#define LIMIT_EVENT_SCORES 32 /* scorecards listed */
#define LIMIT_EVENT_VALUE 512 /* bytes of one string, subject and text apart */
#define LIMIT_NOTE 512
#define LIMIT_TOUCH_NAME 64
#define LIMIT_OUTSIDE_ID 256 /* what others know a touch or an outcome by */

/* Phrases found in text. */
#define LIMIT_PHRASES 20000
#define LIMIT_PHRASE_MATCHES 2000 /* in one text; later ones are not looked at */
#define LIMIT_WORD 64 /* characters a match with an open end is extended by */
#define LIMIT_EVIDENCE 200 /* of the words shown for a match */
#define LIMIT_FIGURES 500 /* numbers looked at for an amount or a term */
#define LIMIT_UTM 200 /* of a campaign parameter's value */
#define LIMIT_UTM_NAME 40
#define LIMIT_UTMS 16

/* Files an administrator writes. */
#define LIMIT_CONFIG_FILE (1 << 20)
#define LIMIT_SECRET_FILE (64 * 1024)
#define LIMIT_LIST_LINES 1000000
#define LIMIT_LIST_LINE 1024
#define LIMIT_RULES 10000
#define LIMIT_OWNERS 10000 /* configured, or known to one store */
#define LIMIT_SUBSTITUTES 8 /* one after another, until one is present */
#define LIMIT_WORKING_RANGES 64 /* of a week */
#define LIMIT_HOLIDAYS 4000
#define LIMIT_WORK_DAYS 36600 /* a hundred years: as far as working time is counted */
#define LIMIT_TOKEN_LEAST 24 /* characters of what a user of the page logs in with */
#define LIMIT_SECRET_LEAST 16 /* characters of a secret that signs tokens, at least */
#define LIMIT_ROUTES 100
#define LIMIT_NOTES 100 /* events told to owners in one go, or in one mail */
#define LIMIT_ROUTED 32 /* recipients one mail may be given */
#define LIMIT_ROUTE_TEXT 200 /* of a subject tag, a quarantine reason, a field's value */
#define LIMIT_INCLUDES 16 /* depth of scorecards that include each other */
#define LIMIT_EXPRESSION 4096
#define LIMIT_EXPRESSION_DEPTH 32
#define LIMIT_PATTERN 256 /* a glob pattern of a condition */
#define LIMIT_PATTERN_TEXT (16 * 1024) /* of a text matched with patterns */
#define LIMIT_CSV_ROW (64 * 1024) /* of a file to import, line ends included */
#define LIMIT_CSV_COLUMNS 256
#define LIMIT_IMPORT_BATCH 500 /* rows of one request to the daemon: one transaction */
#define LIMIT_IMPORT_TEXT 1024 /* bytes of one value */
#define LIMIT_IMPORT_VALUES 100 /* in one field: domains of an account, languages of an owner */
#define LIMIT_SHOWN 200 /* of a value or of what made a rule hold */

/* The page. */
#define LIMIT_PAGE_SESSIONS 1000
#define LIMIT_PAGE_PEERS 10000 /* whose failures to log in are counted singly */
#define LIMIT_SEARCH_WORDS 32 /* of one lead */
#define LIMIT_SEARCH_WORD 48 /* bytes of one */
#define LIMIT_SEARCH_TERMS 6 /* that must all be there */
#define LIMIT_SEARCH_STEP 1024 /* leads entered in one transaction */
#define LIMIT_SEARCH_CANDIDATES 1000 /* leads with one word that are looked at one by one */
#define LIMIT_CURSOR 256 /* bytes of where a page of a list begins */
#define LIMIT_NEWS 128 /* of one commit, told singly */
#define LIMIT_AUDIT_DETAIL 1000 /* bytes */
#define LIMIT_QUERY 500 /* bytes of a query parameter */
#define LIMIT_WALK 4000 /* leads one request looks at; the next one goes on */
#define LIMIT_STREAMS 200 /* of events, open at once */
#define LIMIT_SESSION_STREAMS 8 /* of one session */
#define LIMIT_STREAM_RING 4096 /* events kept for who comes back */

/* Store and delivery. */
#define LIMIT_BATCH 256 /* jobs in one commit; rows of one step of a clean-up */
#define LIMIT_COPY_PAGE 1000 /* rows of a table copied at a time: one transaction */
#define LIMIT_COPY_PARAMETERS 800 /* of one statement that copies */
#define LIMIT_FINDINGS 20 /* of one kind a check names, the others are counted */
#define LIMIT_REPORT_PERIODS 1200 /* rows of a report: three years of days, a century of months */
#define LIMIT_REPORT_CELLS 20000 /* periods times sources or owners counted singly */
#define LIMIT_REPORT_SAMPLES (8 << 20) /* durations kept for exact percentiles */
#define LIMIT_REPORT_PAGE 8192 /* leads a report reads at a time */
#define LIMIT_CENSUS 32 /* counts of mails by kind kept in memory, before they are written */
#define LIMIT_LOG_GATHERED 131071 /* bytes of SQLite's log in one call: what its VFS can take */
#define LIMIT_CANDIDATES 4 /* leads or messages looked at under one key */
#define LIMIT_LEDGER 64 /* touches of a lead a decision reads singly; earlier ones are summed up \
			 */
#define LIMIT_LEDGER_KEPT 32 /* of them when more are summed up */
#define LIMIT_OUTCOME_RULES 128 /* contributions in the picture of a score that an outcome keeps \
				 */
#define LIMIT_LEDGER_CHUNK 1024 /* touches read at a time */
#define LIMIT_SUMMARY_NAMES 256 /* names of touches counted in a summary */
#define LIMIT_ACCOUNT_PEOPLE 64 /* leads of an account looked at, the last to write */
#define LIMIT_FLOOD_COUNT 1000 /* counting new leads of one sender ends here */
#define LIMIT_CONTACTS 16 /* people in To and Cc of one mail looked at */
#define LIMIT_CONTACTS_SHOWN 200 /* of one domain */
#define LIMIT_LEARNED_IDS 4 /* of an answer, when they are a provider's and not ours */
#define LIMIT_CONVERSATION_RECIPIENTS 32 /* of an outbound message, remembered */
#define LIMIT_ACCOUNT_DOMAINS 100 /* of one organisation */
#define LIMIT_LEAD_ADDRESSES 8 /* second ones of one person */
#define LIMIT_APART 100 /* leads that were said not to be one, the last said */
#define LIMIT_CREDITS 100000 /* turns in pools of owners */
#define LIMIT_MERGES 8 /* cards merged one into the next that are followed */
#define LIMIT_ENDPOINTS 1023 /* ever named in one store: part of a delivery's number */
#define LIMIT_EXCERPT 4096 /* of new text in an event, when configured */
#define LIMIT_EVENT (256 * 1024)
#define LIMIT_CLAIM 128 /* deliveries claimed at once for an endpoint */
#define LIMIT_RESPONSE (64 * 1024) /* of a receiver's answer; 512 bytes are kept */
#define LIMIT_ADAPTER_FILE (256 * 1024)
#define LIMIT_ADAPTER_MEMORY (16 << 20) /* of one event's run */
#define LIMIT_ADAPTER_INSTRUCTIONS 5000000 /* of one event's run: about 50 ms */
#define LIMIT_ADAPTER_PATTERN 20000000 /* steps one pattern match may take */
#define LIMIT_ADAPTER_TEXT (1 << 20) /* of a string made by repetition; of a request's body */
#define LIMIT_ADAPTER_ANSWER (512 * 1024) /* of a CRM's answer */
#define LIMIT_ADAPTER_REQUESTS 64 /* of one event's run */
#define LIMIT_ADAPTER_NESTING 64 /* of JSON */
#define LIMIT_ADAPTER_WAIT 86400 /* seconds an adapter may ask for */
#define LIMIT_TOKEN 8192 /* an access token */
#define LIMIT_SPOOL_FILE (2 * 1024 * 1024)
#define LIMIT_CONTROL_LINE (4 << 20) /* a whole message in base64 */

#endif
