/* layout.c: the table of one header; LAYOUT is its name. A member or number of a later minor
 * version is added to the lists of that minor, below the ones before it, once the header has it. */
#include "layout.h"

#include <plexus/plugin.h>

/* STRUCT(type) before its members, MEMBER(type, name) in the order of the header. */
#define ALL_MEMBERS                                                                                \
    STRUCT(plx_host)                                                                               \
    MEMBER(plx_host, size)                                                                         \
    MEMBER(plx_host, minor)                                                                        \
    MEMBER(plx_host, core)                                                                         \
    MEMBER(plx_host, error)                                                                        \
    MEMBER(plx_host, log)                                                                          \
    MEMBER(plx_host, uniform)                                                                      \
    MEMBER(plx_host, normal)                                                                       \
    MEMBER(plx_host, dot)                                                                          \
    MEMBER(plx_host, norm)                                                                         \
    MEMBER(plx_host, product)                                                                      \
    MEMBER(plx_host, evaluate)                                                                     \
    STRUCT(plx_setting)                                                                            \
    MEMBER(plx_setting, size)                                                                      \
    MEMBER(plx_setting, type)                                                                      \
    MEMBER(plx_setting, offset)                                                                    \
    MEMBER(plx_setting, owner_size)                                                                \
    MEMBER(plx_setting, flags)                                                                     \
    MEMBER(plx_setting, choice_count)                                                              \
    MEMBER(plx_setting, name)                                                                      \
    MEMBER(plx_setting, help)                                                                      \
    MEMBER(plx_setting, initial)                                                                   \
    MEMBER(plx_setting, min)                                                                       \
    MEMBER(plx_setting, max)                                                                       \
    MEMBER(plx_setting, choices)                                                                   \
    COMPONENT(plx_component)                                                                       \
    STRUCT(plx_domain)                                                                             \
    MEMBER(plx_domain, size)                                                                       \
    MEMBER(plx_domain, flags)                                                                      \
    MEMBER(plx_domain, lo)                                                                         \
    MEMBER(plx_domain, hi)                                                                         \
    COMPONENT(plx_activation)                                                                      \
    MEMBER(plx_activation, semantic)                                                               \
    MEMBER(plx_activation, onnx)                                                                   \
    MEMBER(plx_activation, expression)                                                             \
    MEMBER(plx_activation, domain)                                                                 \
    MEMBER(plx_activation, gain)                                                                   \
    MEMBER(plx_activation, forward)                                                                \
    MEMBER(plx_activation, backward)                                                               \
    MEMBER(plx_activation, forward_rows)                                                           \
    MEMBER(plx_activation, backward_rows)                                                          \
    STRUCT(plx_rows)                                                                               \
    MEMBER(plx_rows, size)                                                                         \
    MEMBER(plx_rows, family)                                                                       \
    MEMBER(plx_rows, rows)                                                                         \
    MEMBER(plx_rows, cols)                                                                         \
    MEMBER(plx_rows, prediction)                                                                   \
    MEMBER(plx_rows, target)                                                                       \
    MEMBER(plx_rows, label)                                                                        \
    MEMBER(plx_rows, row_weight)                                                                   \
    MEMBER(plx_rows, scale)                                                                        \
    MEMBER(plx_rows, loss)                                                                         \
    MEMBER(plx_rows, gradient)                                                                     \
    MEMBER(plx_rows, host)                                                                         \
    STRUCT(plx_fused)                                                                              \
    MEMBER(plx_fused, size)                                                                        \
    MEMBER(plx_fused, flags)                                                                       \
    MEMBER(plx_fused, semantic)                                                                    \
    MEMBER(plx_fused, rows)                                                                        \
    COMPONENT(plx_loss)                                                                            \
    MEMBER(plx_loss, targets)                                                                      \
    MEMBER(plx_loss, rows)                                                                         \
    MEMBER(plx_loss, fused)                                                                        \
    MEMBER(plx_loss, fused_count)                                                                  \
    MEMBER(plx_loss, fused_stride)                                                                 \
    STRUCT(plx_tensor)                                                                             \
    MEMBER(plx_tensor, size)                                                                       \
    MEMBER(plx_tensor, role)                                                                       \
    MEMBER(plx_tensor, id)                                                                         \
    MEMBER(plx_tensor, layer)                                                                      \
    MEMBER(plx_tensor, tensor_count)                                                               \
    MEMBER(plx_tensor, layer_count)                                                                \
    MEMBER(plx_tensor, rows)                                                                       \
    MEMBER(plx_tensor, cols)                                                                       \
    MEMBER(plx_tensor, name)                                                                       \
    STRUCT(plx_emit)                                                                               \
    MEMBER(plx_emit, size)                                                                         \
    MEMBER(plx_emit, reserved)                                                                     \
    MEMBER(plx_emit, core)                                                                         \
    MEMBER(plx_emit, host)                                                                         \
    MEMBER(plx_emit, like_parameter)                                                               \
    MEMBER(plx_emit, slot)                                                                         \
    MEMBER(plx_emit, copy_of_weights)                                                              \
    MEMBER(plx_emit, scratch)                                                                      \
    STRUCT(plx_step)                                                                               \
    MEMBER(plx_step, size)                                                                         \
    MEMBER(plx_step, tensor)                                                                       \
    MEMBER(plx_step, role)                                                                         \
    MEMBER(plx_step, layer)                                                                        \
    MEMBER(plx_step, tensor_count)                                                                 \
    MEMBER(plx_step, layer_count)                                                                  \
    MEMBER(plx_step, step)                                                                         \
    MEMBER(plx_step, lr)                                                                           \
    MEMBER(plx_step, loss)                                                                         \
    MEMBER(plx_step, rows)                                                                         \
    MEMBER(plx_step, cols)                                                                         \
    MEMBER(plx_step, offset)                                                                       \
    MEMBER(plx_step, constants)                                                                    \
    MEMBER(plx_step, model_slot)                                                                   \
    MEMBER(plx_step, scratch)                                                                      \
    MEMBER(plx_step, host)                                                                         \
    STRUCT(plx_parameter)                                                                          \
    MEMBER(plx_parameter, size)                                                                    \
    MEMBER(plx_parameter, role)                                                                    \
    MEMBER(plx_parameter, id)                                                                      \
    MEMBER(plx_parameter, layer)                                                                   \
    MEMBER(plx_parameter, rows)                                                                    \
    MEMBER(plx_parameter, cols)                                                                    \
    MEMBER(plx_parameter, name)                                                                    \
    MEMBER(plx_parameter, self)                                                                    \
    MEMBER(plx_parameter, lr)                                                                      \
    MEMBER(plx_parameter, w)                                                                       \
    MEMBER(plx_parameter, g)                                                                       \
    MEMBER(plx_parameter, slot)                                                                    \
    COMPONENT(plx_optimizer)                                                                       \
    MEMBER(plx_optimizer, lr)                                                                      \
    MEMBER(plx_optimizer, state_version)                                                           \
    MEMBER(plx_optimizer, constants_size)                                                          \
    MEMBER(plx_optimizer, plan_slots)                                                              \
    MEMBER(plx_optimizer, plan_model_slots)                                                        \
    MEMBER(plx_optimizer, begin_step)                                                              \
    MEMBER(plx_optimizer, step_range)                                                              \
    MEMBER(plx_optimizer, step_tensor)                                                             \
    MEMBER(plx_optimizer, step_model)                                                              \
    STRUCT(plx_entry)                                                                              \
    MEMBER(plx_entry, magic)                                                                       \
    MEMBER(plx_entry, size)                                                                        \
    MEMBER(plx_entry, kind)                                                                        \
    MEMBER(plx_entry, minor)                                                                       \
    MEMBER(plx_entry, descriptor)

/* What the descriptors begin with. */
#define COMPONENT(type)                                                                            \
    STRUCT(type)                                                                                   \
    MEMBER(type, size)                                                                             \
    MEMBER(type, flags)                                                                            \
    MEMBER(type, name)                                                                             \
    MEMBER(type, version)                                                                          \
    MEMBER(type, summary)                                                                          \
    MEMBER(type, source)                                                                           \
    MEMBER(type, formula)                                                                          \
    MEMBER(type, derivative)                                                                       \
    MEMBER(type, settings)                                                                         \
    MEMBER(type, settings_count)                                                                   \
    MEMBER(type, settings_stride)                                                                  \
    MEMBER(type, validate)

#define STRUCT(type) {#type, sizeof(type)},
#define MEMBER(type, member)
static const layout_struct structs[] = {ALL_MEMBERS};
#undef STRUCT
#undef MEMBER

#define STRUCT(type)
#define MEMBER(type, member)                                                                       \
    {#type, #member, offsetof(type, member), sizeof(((const type *)NULL)->member)},
static const layout_member members[] = {ALL_MEMBERS};

#define NUMBER(name)                                                                               \
    {                                                                                              \
#name, (double)(name)                                                                      \
    }
static const layout_number numbers[] = {
    NUMBER(PLX_ABI_MAJOR),
    NUMBER(PLX_MAGIC),
    NUMBER(PLX_OK),
    NUMBER(PLX_DONE),
    NUMBER(PLX_FAILED),
    NUMBER(PLX_LOG_INFO),
    NUMBER(PLX_LOG_WARNING),
    NUMBER(PLX_TRANSPOSE_A),
    NUMBER(PLX_TRANSPOSE_B),
    NUMBER(PLX_TYPE_REAL),
    NUMBER(PLX_TYPE_INTEGER),
    NUMBER(PLX_TYPE_FLAG),
    NUMBER(PLX_TYPE_CHOICE),
    NUMBER(PLX_OPEN_MIN),
    NUMBER(PLX_OPEN_MAX),
    NUMBER(PLX_LOG_SCALE),
    NUMBER(PLX_ROWS_SUM_TO_ONE),
    NUMBER(PLX_REALS),
    NUMBER(PLX_POSITIVE),
    NUMBER(PLX_UNIT),
    NUMBER(PLX_SIMPLEX),
    NUMBER(PLX_TARGET_REALS),
    NUMBER(PLX_TARGET_POSITIVE),
    NUMBER(PLX_TARGET_UNIT),
    NUMBER(PLX_TARGET_SIMPLEX),
    NUMBER(PLX_TARGET_LABELS),
    NUMBER(PLX_NEEDS_INPUT),
    NUMBER(PLX_NEEDS_OUTPUT),
    NUMBER(PLX_PROBABILITY_FLOOR),
    NUMBER(PLX_WEIGHT),
    NUMBER(PLX_BIAS),
    NUMBER(PLX_MODEL),
    NUMBER(PLX_F32),
    NUMBER(PLX_F64),
    NUMBER(PLX_I64),
    NUMBER(PLX_NEEDS_CLOSURE),
    NUMBER(PLX_KIND_ACTIVATION),
    NUMBER(PLX_KIND_LOSS),
    NUMBER(PLX_KIND_OPTIMIZER),
};

const layout LAYOUT = {
    .structs = structs,
    .members = members,
    .numbers = numbers,
    .struct_count = sizeof(structs) / sizeof(structs[0]),
    .member_count = sizeof(members) / sizeof(members[0]),
    .number_count = sizeof(numbers) / sizeof(numbers[0]),
};
