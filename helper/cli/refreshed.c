/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/refresh.h"


#include "base/json.h"
#include "cli/cli.h"

/** put_addresses() - those that are in the last answers, or those that are not any more */
static void put_addresses(const struct known_name *name, bool gone, bool quote,
			  struct buffer *text)
{
	const char *separator = "", *mark = quote ? "\"" : "";
	char address[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < name->addresses.count; i++) {
		const struct known_address *one = &name->addresses.items[i];

		if ((one->gone_s != 0) != gone)
			continue;
		address_format(&one->address, address);
		buffer_printf(text, "%s%s%s%s", separator, mark, address, mark);
		separator = ", ";
	}
}

/** wait_s() - until it is asked about again */
static uint64_t wait_s(const struct known_name *name, uint64_t now_s)
{
	return name->due_s > now_s ? name->due_s - now_s : 0;
}

/** count() - of the addresses that are (@gone), or are not, out of the answers */
static size_t count(const struct known_name *name, bool gone)
{
	size_t found = 0;

	for (size_t i = 0; i < name->addresses.count; i++)
		found += (name->addresses.items[i].gone_s != 0) == gone;
	return found;
}

void refresh_put_text(const struct known_name *name, const struct refreshed *refreshed,
		      uint64_t now_s, struct buffer *text)
{
	buffer_printf(text, "%s: ", name->name);
	if (count(name, false))
		put_addresses(name, false, false, text);
	else
		buffer_puts(text, "no address");
	if (count(name, true)) {
		buffer_puts(text, "; until now ");
		put_addresses(name, true, false, text);
	}
	if (refreshed->reason)
		buffer_printf(text, "; not answered (%s), asked again in ", refreshed->reason);
	else
		buffer_puts(text, "; asked again in ");
	cli_put_duration(text, wait_s(name, now_s));
	buffer_puts(text, "\n");
}

void refresh_put_json(const struct known_name *name, const struct refreshed *refreshed,
		      uint64_t now_s, struct buffer *text)
{
	buffer_puts(text, "{");
	json_string(text, "name", name->name);
	json_list(text, "addresses");
	put_addresses(name, false, true, text);
	buffer_puts(text, "]");
	json_list(text, "gone");
	put_addresses(name, true, true, text);
	buffer_puts(text, "]");
	json_bool(text, "asked", refreshed->asked);
	json_bool(text, "changed", refreshed->changed);
	json_string(text, "reason", refreshed->reason);
	json_number(text, "failures", name->failures);
	json_number(text, "due_in_s", wait_s(name, now_s));
	buffer_puts(text, "}");
}
