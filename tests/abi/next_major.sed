# Makes of plugin.h the header of the next major version: another entry symbol and magic number.
s/plx_plugin_v1/plx_plugin_v2/g
s/0x31584c50u/0x32584c50u/
s/PLX_ABI_MAJOR 1/PLX_ABI_MAJOR 2/
