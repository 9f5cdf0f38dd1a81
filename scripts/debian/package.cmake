# SPDX-License-Identifier: Apache-2.0
#
# `cpack` in a build for /usr makes the Debian package; scripts/package makes the build, too.

set(MIGRATIOND_PACKAGE_RELEASE 1 CACHE STRING "Debian revision: counts packages of one version")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME migrationd)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "migrationd maintainers <maintainers@users.noreply.github.com>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "gate application start-up on databases' migration state")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "migrationd watches PostgreSQL, MySQL, MariaDB and SQLite databases and tells
whether each is in the state that a release of an application expects: over
HTTP, as health for load balancers, as a gate that application containers wait
at, and as drift of the schema. It never writes to a watched database.
.
The package holds the daemon, its client migrationctl, and migration-wait, a
static program that container images copy.")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON) # /etc is not below the prefix
set(CPACK_OUTPUT_FILE_PREFIX ${CMAKE_BINARY_DIR})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${MIGRATIOND_PACKAGE_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
# sysusers.d and tmpfiles.d are read when the package is installed, also where systemd is not the init.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles, init-system-helpers (>= 1.54)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
foreach(file conffiles postinst prerm postrm)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/${file})
endforeach()
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/finish.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(CPack)
