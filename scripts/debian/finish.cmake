# SPDX-License-Identifier: Apache-2.0
#
# What Debian asks of a package's files, done to the staged tree before it is packed: compressed manual pages and change
# logs, a copyright file, and times that do not depend on when it is built (SOURCE_DATE_EPOCH).

set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(doc ${root}/usr/share/doc/migrationd)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC) # SOURCE_DATE_EPOCH where it is set
file(WRITE ${doc}/changelog.Debian
"migrationd (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium

  * Built from migrationd ${CPACK_PACKAGE_VERSION}: see changelog.gz.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
file(RENAME ${doc}/CHANGELOG.md ${doc}/changelog)
file(REMOVE ${doc}/LICENSE) # in /usr/share/common-licenses
file(COPY ${CMAKE_CURRENT_LIST_DIR}/copyright DESTINATION ${doc})
file(COPY ${CMAKE_CURRENT_LIST_DIR}/lintian-overrides DESTINATION ${root}/usr/share/lintian/overrides)
file(RENAME ${root}/usr/share/lintian/overrides/lintian-overrides ${root}/usr/share/lintian/overrides/migrationd)
# What an unedited configuration looks like: postinst compares.
file(COPY ${root}/etc/migrationd/migrationd.yaml DESTINATION ${doc}/examples)

file(GLOB_RECURSE texts ${root}/usr/share/man/* ${doc}/changelog ${doc}/changelog.Debian)
foreach(text ${texts})
  run(gzip -9n ${text})
endforeach()

# Whoever builds may have any umask.
run(chmod -R u=rwX,go=rX ${root}/etc ${root}/usr)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
  run(find ${root} -exec touch --no-dereference --date=@$ENV{SOURCE_DATE_EPOCH} {} +)
endif()
