#include "author/check.h"
