# Makes of plugin.h the header of a later minor version, as the rules for its growth have it: every
# struct but plx_component gets one member more at its end, which PLX_MINOR hides.
/^} plx_component;/!{
/^}\( plx_[a-z]*\)\{0,1\};$/i\
#if PLX_MINOR >= 1\
    double added_in_1_1;\
#endif
}
