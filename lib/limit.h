/*
 * Every limit of libpolicy, with its reason. A limit is tested at its value and one past it.
 */
#ifndef POLICY_LIMIT_H
#define POLICY_LIMIT_H

/* Bytes of one attribute block, its blank line included. Postfix was seen to send a sasl_username
 * of 9,200 bytes and recipients of 2,038; four times the sum leaves room for later attributes. */
#define LIMIT_BLOCK 65536

/* Bytes of a reply's text. Postfix copies the text into one SMTP line without a limit of its own,
 * and RFC 5321, 4.5.3.1.5, gives that line 512 bytes. */
#define LIMIT_REPLY_TEXT 400

/* Bytes of a domain and of a label: RFC 1035, 2.3.4, and Postfix's VALID_HOSTNAME_LEN. */
#define LIMIT_DOMAIN 255
#define LIMIT_LABEL 63

/* Bytes of a rule file. 100,000 rules take about 10 MB; compiling takes some 40 times the size. */
#define LIMIT_RULE_FILE (16 * 1024 * 1024)

/* Bytes of a list file. A million networks or domains take about 25 MB. */
#define LIMIT_LIST_FILE (256 * 1024 * 1024)

/* Bytes of a postconf value: main.cf is written by hand. */
#define LIMIT_POSTCONF_VALUE (1024 * 1024)

/* Depth of an expression, named conditions included: evaluation recurses. */
#define LIMIT_DEPTH 250

/* Diagnostics that are kept; the rest is counted. A list file may hold a million wrong lines. */
#define LIMIT_DIAGNOSTICS 1000

/* Characters of a source line that a diagnostic shows: a terminal's width. */
#define LIMIT_EXCERPT 160

/* What an explanation shows to a person: bytes of a value; and, where an attacker's request or a
 * long rule file could bring many, named conditions around a test, reasons of a rule, rules up to
 * the deciding one, and lists that hold a value. */
#define LIMIT_EXPLAIN_VALUE 256
#define LIMIT_EXPLAIN_NAMES 8
#define LIMIT_EXPLAIN_REASONS 8
#define LIMIT_EXPLAIN_RULES 20
#define LIMIT_EXPLAIN_ENTRIES 8

/* Steps of a regex match from one place in its subject, its heap, and bytes of its machine stack.
 * An attacker writes the subject, so a regex with nested repeats must end: this many steps take
 * about a millisecond. PCRE2 counts anew from each place where a regex without an anchor may begin:
 * of 2,000 bytes, (a+)+b then takes 35. */
#define LIMIT_REGEX_STEPS 100000
#define LIMIT_REGEX_HEAP_KIB 1024
#define LIMIT_REGEX_STACK (256 * 1024)

/* Bytes of a string that is made to match a regex, for a person to read: a mailbox has at most
 * 64 + 1 + 255. And the steps of making them, which repeats in repeats multiply: so many take some
 * 10 ms. */
#define LIMIT_REGEX_SAMPLE 512
#define LIMIT_REGEX_SAMPLE_STEPS 2000000

#endif
