#ifndef MUN_TOOLS_COMMANDS_H
#define MUN_TOOLS_COMMANDS_H

#include "tools/cli.h"

/* The commands of `muniment`, one function each, in files by subject. argv[0]
 * is the command's full name ("muniment party register"). */
int mun_cmd_key_new(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_key_show(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_genesis_make(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_genesis_show(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_genesis_trust_root(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_party_register(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_party_list(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_party_show(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_party_add_key(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_party_retire_key(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_accredit(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_accreditation_show(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_accreditation_list(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_accreditation_suspend(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_accreditation_reinstate(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_accreditation_withdraw(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_programme_register(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_programme_list(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_programme_show(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_anchor(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_status_revoke(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_status_suspend(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_status_reinstate(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_status_supersede(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_status_extend(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_receipt_refresh(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_receipt_show(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_verify(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_audit(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_entry_show(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_devnet_start(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_devnet_status(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_devnet_stop(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_devnet_pause(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_devnet_resume(struct mun_cli *cli, int argc, char **argv);
int mun_cmd_status_of(struct mun_cli *cli, int argc, char **argv);

#endif
