# cpack -G DEB: a package for the minor version of Wireshark that the plugin was built with, and
# one with the module that draws, which needs Qt and has another licence.

find_program(DPKG_QUERY dpkg-query)
if(NOT DPKG_QUERY)
    return()
endif()

# Which package has the library; what it is called changes with each minor version.
get_target_property(WIRESHARK_LIBRARY epan LOCATION)
execute_process(COMMAND ${DPKG_QUERY} -S ${WIRESHARK_LIBRARY}
    OUTPUT_VARIABLE WIRESHARK_PACKAGE ERROR_QUIET)
if(NOT WIRESHARK_PACKAGE MATCHES "^(lib[^:, ]+)")
    return()
endif()
set(WIRESHARK_PACKAGE ${CMAKE_MATCH_1})
math(EXPR NEXT_MINOR "${Wireshark_MINOR_VERSION} + 1")

set(FLOWSTATS_MAINTAINER "flowstats maintainers <flowstats@localhost>" CACHE STRING
    "Maintainer of the package, as NAME <ADDRESS>")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT ${FLOWSTATS_MAINTAINER})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1~ws${PLUGIN_VERSION})
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"This plugin keeps the state of each packet's flow (counters each way, TCP
handshake timing and state, IP-ID gaps, fragments, encapsulation) and shows it
on the packet, in fields that can be filtered, coloured, sorted and exported.
Tables of all flows can be opened in a window and written as CSV and JSON.

This package is for Wireshark ${PLUGIN_VERSION}.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "${WIRESHARK_PACKAGE} (>= ${PLUGIN_VERSION}), \
${WIRESHARK_PACKAGE} (<< ${Wireshark_MAJOR_VERSION}.${NEXT_MINOR}~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "tshark | wireshark")
set(CPACK_DEBIAN_PACKAGE_ENHANCES "tshark, wireshark")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL Unspecified profile manual)
set(CPACK_DEBIAN_PLUGIN_PACKAGE_NAME flowstats)
set(CPACK_COMPONENT_GROUP_PLUGIN_DESCRIPTION ${CPACK_DEBIAN_PACKAGE_DESCRIPTION})
if(TARGET flowstats-view)
    list(APPEND CPACK_COMPONENTS_ALL view)
    set(VERSION_OF_BOTH ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
    set(CPACK_DEBIAN_PLUGIN_PACKAGE_RECOMMENDS "tshark | wireshark, flowstats-view")
    set(CPACK_DEBIAN_VIEW_PACKAGE_NAME flowstats-view)
    set(CPACK_DEBIAN_VIEW_PACKAGE_DEPENDS "flowstats (= ${VERSION_OF_BOTH})")
    set(CPACK_DEBIAN_VIEW_PACKAGE_RECOMMENDS fonts-dejavu-core)
    set(CPACK_DEBIAN_VIEW_PACKAGE_ENHANCES flowstats)
    set(CPACK_COMPONENT_GROUP_VIEW_DESCRIPTION
"Pictures of flows for Wireshark and tshark
This module of flowstats draws flows: a timeline, throughput over time, who
has the most, and any field against any other; in a window of Wireshark, and
as PNG, PDF and SVG files with tshark.

It is under the GNU General Public License, version 3 or later.")
    install(FILES cmake/copyright-view RENAME copyright COMPONENT view
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/flowstats-view)
    install(FILES ${CMAKE_BINARY_DIR}/changelog.Debian.gz COMPONENT view
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/flowstats-view)
endif()

# Debian's policy asks for a changelog.
string(TIMESTAMP NOW "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(cmake/changelog.in changelog.Debian @ONLY)
execute_process(COMMAND gzip -9nf ${CMAKE_BINARY_DIR}/changelog.Debian)
install(FILES cmake/copyright ${CMAKE_BINARY_DIR}/changelog.Debian.gz
    DESTINATION ${CMAKE_INSTALL_DOCDIR})

include(CPack)
cpack_add_component_group(plugin)
cpack_add_component_group(view)
foreach(component Unspecified profile manual)
    cpack_add_component(${component} GROUP plugin)
endforeach()
cpack_add_component(view GROUP view)
