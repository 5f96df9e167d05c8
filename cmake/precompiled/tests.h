// What most tests include, parsed once (SystolePrecompiled.cmake).

#include <fstream>
#include <ostream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "standard.h"
