/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are. The build may move the two prefixes (make PREFIX= SYSCONFDIR=);
 * what lives in /run does not move: ip(8) and systemd look there too.
 */
#ifndef CARREL_BASE_PATHS_H
#define CARREL_BASE_PATHS_H

#ifndef CARREL_SYSCONFDIR
#define CARREL_SYSCONFDIR "/etc"
#endif
#ifndef CARREL_PREFIX
#define CARREL_PREFIX "/usr"
#endif
#ifndef CARREL_SECUREDIR
#define CARREL_SECUREDIR "/lib/security"
#endif

#define PATH_CONFIG            CARREL_SYSCONFDIR "/carrel/carrel.conf"
#define PATH_CONFIG_DROPINS    CARREL_SYSCONFDIR "/carrel/carrel.conf.d"
#define PATH_POLICIES          CARREL_SYSCONFDIR "/carrel/policies"
#define PATH_PACKAGED_POLICIES CARREL_PREFIX "/share/carrel/policies"
#define PATH_HELPER            CARREL_PREFIX "/libexec/carrel/carrel-helper"
#define PATH_RESOLVER          CARREL_PREFIX "/libexec/carrel/carrel-resolver"
#define PATH_STATE             "/run/carrel"
#define PATH_PINS              "/run/netns"
/* Where the mount namespace with the pins is kept that "pins private" hides: see pam/pinspace.h. */
#define PATH_PINSPACE          "/run/carrel-pins"
#define PATH_MODULE            CARREL_SECUREDIR "/pam_carrel.so"
#define PATH_COMMAND           CARREL_PREFIX "/sbin/carrel"

/* How the host finds names: see state/resolvers.h. */
#define PATH_RESOLV_CONF       "/etc/resolv.conf"
#define PATH_RESOLVED_SERVERS  "/run/systemd/resolve/resolv.conf"
#define PATH_NETWORKMANAGER_SERVERS "/run/NetworkManager/no-stub-resolv.conf"

/* In PATH_STATE: touched by each run of "carrel gc", and locked while it lasts. */
#define NAME_COLLECTED         "collected"
/* Likewise: locked by "carrel refresh" while it asks and writes. */
#define NAME_REFRESHED         "refreshed"

/* The account that the helper runs as; made by sysusers.d. */
#define HELPER_USER "carrel"

#endif
