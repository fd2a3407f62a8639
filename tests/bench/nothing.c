/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that does nothing, linked like carrel-helper: what starting a process costs
 * before it has done any work.
 */
int main(void)
{
	return 0;
}
