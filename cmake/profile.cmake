# Set PROFILE_GRAPHS to the profile's I/O graphs, for the Wireshark that is there.
# Wireshark 4.4 chooses the unit of a time and writes it at the axis; 4.0 draws bare seconds.
set(PROFILE_GRAPHS ${PROJECT_SOURCE_DIR}/profile/io_graphs)
if(PLUGIN_VERSION VERSION_LESS 4.2)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROFILE_GRAPHS})
    file(READ ${PROFILE_GRAPHS} graphs)
    string(REGEX REPLACE
        "(\"[A-Za-z]*\",\"[^\"]*)(\"[^\n]*\"flow\\.(tcp\\.rtt|delta)\",\"None\",)\"1\""
        "\\1 (ms)\\2\"1000\"" graphs "${graphs}")
    set(PROFILE_GRAPHS ${PROJECT_BINARY_DIR}/io_graphs)
    file(WRITE ${PROFILE_GRAPHS} "${graphs}")
endif()
