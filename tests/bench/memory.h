/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What carrels take: of the kernel's memory, and of /run. */
#ifndef CARREL_BENCH_MEMORY_H
#define CARREL_BENCH_MEMORY_H

struct carrel_error;

/**
 * memory_of_kernel() - bytes that the kernel uses and cannot give back
 *
 * Slab objects, what each processor has of its own, stacks and page tables: where namespaces and
 * links are. It is the whole machine's.
 * Source: Documentation/filesystems/proc.rst, meminfo
 */
int memory_of_kernel(double *ret_bytes, struct carrel_error *err);

/** memory_of_files() - bytes that the files below @directory take */
int memory_of_files(const char *directory, double *ret_bytes, struct carrel_error *err);

/** memory_read_all() - read every record, open and look at every pin: what a list cannot do without */
int memory_read_all(struct carrel_error *err);

#endif
